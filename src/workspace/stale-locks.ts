/** Removes the locks of mirrors that dead daemons have left. */
import { readdir, rmdir } from "node:fs/promises";
import { join } from "node:path";
import { check } from "proper-lockfile";
import { ifThere } from "../if-there.ts";
import { LOCK_STALE_MS } from "./mirror.ts";

const SUFFIX = ".lock";

/**
 * A lock that was touched a moment ago may be a living daemon's, and is left to the next session that wants it.
 *
 * @param mirrors directory of all mirrors; it may be missing.
 */
export async function removeStaleLocks(mirrors: string): Promise<void> {
  for (const name of ((await ifThere(readdir(mirrors))) ?? []).filter((each) => each.endsWith(SUFFIX))) {
    const lock = join(mirrors, name);
    const isHeld = await check(lock.slice(0, -SUFFIX.length), { realpath: false, stale: LOCK_STALE_MS });
    // Another daemon may have been faster.
    if (!isHeld) await ifThere(rmdir(lock));
  }
}
