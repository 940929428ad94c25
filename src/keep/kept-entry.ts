/** What is written down about a session that is kept: all that is needed to look into it, and to remove it. */
import * as z from "zod";
import { profileSchema } from "../profile/profile.ts";

const ENTRY_SCHEMA_VERSION = 1;

export const REASONS = ["operator", "expired", "keep_max"] as const;

/** Why a kept session is removed: somebody asked for it, its time is over, or all together take too much. */
export type Reason = (typeof REASONS)[number];

export const keptEntrySchema = z
  .strictObject({
    schema_version: z.literal(ENTRY_SCHEMA_VERSION),
    session_id: z.string(),
    /** As the session was accepted with. Strict, so that no rule is lost on the way. */
    profile: profileSchema,
    has_input: z.boolean(),
    /** Directory of its record. */
    record: z.string(),
    kept_timestamp: z.iso.datetime(),
    until_timestamp: z.iso.datetime(),
    bytes: z.int(),
    /** Null until it is being removed. */
    removing: z.enum(REASONS).nullable(),
  })
  .readonly();

export type KeptEntry = z.output<typeof keptEntrySchema>;

/** The entry for a session that is kept from now on. */
export function newEntry(fields: Omit<KeptEntry, "schema_version" | "removing">): KeptEntry {
  return { schema_version: ENTRY_SCHEMA_VERSION, ...fields, removing: null };
}
