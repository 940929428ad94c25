/** What the JSON of a session says about its work: the commits, and the files that the profile names. */
import * as z from "zod";

/** What was exported of a session's work; a number is null where that part could not be exported. */
export const workSchema = z.object({
  /** The commit that HEAD led to at the end; null where it led to none. */
  head_commit: z.string().nullable(),
  /** How many commits there are that were not there when the session began. */
  commits: z.int().nullable(),
  /** From the commit that was checked out to the files at the end, uncommitted changes included. */
  files_changed: z.int().nullable(),
  /** Lines. */
  insertions: z.int().nullable(),
  deletions: z.int().nullable(),
  /** Files at the end that differ from HEAD, new ones included. */
  uncommitted: z.int().nullable(),
  /** Size of `work/changes.patch`. */
  patch_bytes: z.int().nullable(),
});

export type Work = z.infer<typeof workSchema>;

/** What was copied of the files that the profile names as `artifacts`. */
export const artifactsSchema = z.strictObject({
  files: z.int(),
  /** Of all their content. */
  bytes: z.int(),
});

export type Artifacts = z.infer<typeof artifactsSchema>;
