import { join } from "node:path";
import { isReachable } from "../../if-there.ts";

/** The files of which Podman needs one to pull an image, the one that counts most first. */
export function trustPolicyFiles(home: string): string[] {
  return [join(home, ".config", "containers", "policy.json"), "/etc/containers/policy.json"];
}

/** The first of these files that exists; undefined when there is none. */
export async function findTrustPolicy(files: readonly string[]): Promise<string | undefined> {
  for (const file of files) {
    if (await isReachable(file)) return file;
  }
  return undefined;
}
