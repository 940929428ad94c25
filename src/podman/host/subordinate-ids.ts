/** The subordinate ids that a user's containers get. */
import { readFile } from "node:fs/promises";
import { RENEW_NAMESPACE } from "../service/namespace-advice.ts";

const RANGE = 65_536;
const FIRST_ID = 100_000;

/**
 * The command that gives Podman ids for a user: ids that no other user has, or the user's own where there are enough
 * and Podman does not know them yet.
 *
 * @param needed how many are enough. @param files in which users and groups get theirs.
 */
export async function grantIdsCommand(
  user: string,
  needed: number,
  files = ["/etc/subuid", "/etc/subgid"],
): Promise<string> {
  const texts = await Promise.all(files.map((file) => readFile(file, "utf8").catch(() => "")));
  const ranges = texts.map((text) => text.split("\n").flatMap(readRange));
  const hasEnough = ranges.every((list) => {
    const own = list.filter(({ owner }) => owner === user);
    return own.reduce((sum, { count }) => sum + count, 0) >= needed;
  });
  if (hasEnough) return RENEW_NAMESPACE;
  const first = Math.max(FIRST_ID, ...ranges.flat().map((range) => range.first + range.count));
  const free = `${first}-${first + RANGE - 1}`;
  return `sudo usermod --add-subuids ${free} --add-subgids ${free} ${user} && ${RENEW_NAMESPACE}`;
}

/** Empty for a line that is not a range. */
function readRange(line: string): { owner: string; first: number; count: number }[] {
  const [, owner = "", first, count] = /^([^:#]+):(\d+):(\d+)$/.exec(line.trim()) ?? [];
  return first === undefined ? [] : [{ owner, first: Number(first), count: Number(count) }];
}
