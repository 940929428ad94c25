import { createHash } from "node:crypto";

/** The name of an instance in labels and runtime directories: 8 hex digits of its state directory's path. */
export function instanceId(stateDirectoryPath: string): string {
  return createHash("sha256").update(stateDirectoryPath).digest("hex").slice(0, 8);
}
