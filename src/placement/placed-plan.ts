/** What a head gives to a runner: what to run, and the values that it needs. Both sides read this file. */
import * as z from "zod";
import { sessionDocumentSchema } from "../session-document.ts";

const file = z.strictObject({
  name: z.string(),
  /** base64. */
  content: z.string(),
});

/** Without a secret: the head keeps it on disk. */
export const placedPlanSchema = z.strictObject({
  version: z.literal(1),
  engine: z.enum(["slurm"]),
  /** Of the agentd that has placed it; another version refuses to run it. */
  agentd: z.string(),
  /** The session as the head has accepted it. */
  document: sessionDocumentSchema,
  /** As an open index keeps it; the runner checks it. */
  plan: z.unknown(),
  /** What the operator gave to the session, the request among it. */
  files: z.array(file),
  /** As the head's `[daemon]` has them. */
  limits: z.strictObject({
    record_bytes: z.int(),
    export_bytes: z.int(),
    min_free_bytes: z.int(),
  }),
});

export type PlacedPlan = z.infer<typeof placedPlanSchema>;

/** Values by the names of the head's variables. */
export const placedCredentialsSchema = z.strictObject({ variables: z.record(z.string(), z.string()) });
