import type { Status } from "../../api/methods.ts";

/** The files that have changed since the daemon read them; none from a daemon of a version that does not tell. */
export function changedFiles(status: Status): readonly string[] {
  return (status as Partial<Status>).changed_files ?? [];
}
