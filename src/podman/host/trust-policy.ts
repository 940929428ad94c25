import { join } from "node:path";
import { isReachable } from "../../if-there.ts";

/** Podman needs one of these files to pull an image; in descending priority. */
export function trustPolicyFiles(home: string): string[] {
  return [join(home, ".config", "containers", "policy.json"), "/etc/containers/policy.json"];
}

/** The first of these files that exists; undefined when none does. */
export async function findTrustPolicy(files: readonly string[]): Promise<string | undefined> {
  for (const file of files) {
    if (await isReachable(file)) return file;
  }
  return undefined;
}
