import * as z from "zod";

/** Where the work of a session was published. */
export const publishedSchema = z.object({
  /** Without `refs/heads/`. */
  branch: z.string(),
  commit: z.string(),
  /** Of the repository that it was pushed to. */
  url: z.string(),
  /** The pull or merge request; null where none was asked for, or none could be opened: `warnings` then say why. */
  request_url: z.string().nullable(),
});

export type Published = z.infer<typeof publishedSchema>;
