/** What the JSON of a session says about the machine on which it ran. */
import * as z from "zod";

/** Where a session ran that an engine placed on another machine. */
export const placementSchema = z.strictObject({
  engine: z.enum(["slurm"]),
  /** As the engine calls itself; null where it does not say. */
  cluster: z.string().nullable(),
  /** The engine's own number of the job that began it; null where it does not say. */
  job_id: z.string().nullable(),
  node: z.string(),
  /** The kernel's boot id there. */
  boot_id: z.string(),
  /** Id of the key that sealed the node's record, `node/`: SHA-256 of its SubjectPublicKeyInfo. Null in that record. */
  node_key: z.string().nullable(),
  /** SHA-256 of the statement of the node's record; null in that record. */
  node_statement: z.string().nullable(),
});

export type PlacementFields = z.infer<typeof placementSchema>;
