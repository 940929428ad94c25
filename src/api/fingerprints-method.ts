import * as z from "zod";
import { session } from "./params.ts";

/** The method `fingerprints`. */
export const FINGERPRINTS_METHOD = {
  summary: "Gives a reader of the session's output what it needs to find the values of credentials in it.",
  params: z.strictObject({ session }),
  result: z.strictObject({
    /** Salted hashes, for an agentd of this version; null where they are gone. */
    fingerprints: z.record(z.string(), z.unknown()).nullable(),
  }),
  errors: ["unknown_session", "ambiguous_session", "record_unusable"],
} as const;
