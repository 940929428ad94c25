/** What the JSON of a session says about rules of hardening that it ran without. */
import * as z from "zod";

/** A rule of hardening that the session was run without, see docs/hardening.md. */
export const exceptionSchema = z.strictObject({
  /** Such as "E002". */
  rule: z.string(),
  name: z.string(),
  /** What weakens it, such as the targets of mounts. */
  what: z.array(z.string()),
  /** Why, in the operator's words; null where the profile has none. */
  reason: z.string().nullable(),
  until: z.string().nullable(),
});

export type Exception = z.infer<typeof exceptionSchema>;
