/** What a session was given in its home, as its record says it. */
import * as z from "zod";

/** What an entry of the profile's `files`, or one of its skills, came to. */
export const homeFileSchema = z.strictObject({
  target: z.string(),
  sha256: z.string(),
  /** The repository that it is from, and the commit; null where it is from this host, and in records of older versions. */
  repo_url: z.string().nullable().default(null),
  commit: z.string().nullable().default(null),
});
