/** The subordinate ids of which a user's containers are made. */
import { readFile } from "node:fs/promises";

const RANGE = 65_536;
const FIRST_ID = 100_000;

/** Has Podman make its namespace anew: with the ids that the user has now, and without a pause process that is gone. */
export const RENEW_NAMESPACE = "podman system migrate";

/**
 * Podman 4.3 stops at the number of a pause process that is dead, before any command, `system migrate` included. The file
 * is where Podman keeps it unless `tmp_dir` names another place.
 */
const FORGET_PAUSE_PROCESS = `rm -f "$XDG_RUNTIME_DIR/libpod/tmp/pause.pid" && ${RENEW_NAMESPACE}`;

/** The command that helps when Podman said this of its namespace; undefined where it is about something else. */
export function namespaceFix(said: string): string | undefined {
  if (said.includes("cannot re-exec process to join the existing user namespace"))
    return FORGET_PAUSE_PROCESS;
  return said.includes(RENEW_NAMESPACE) ? RENEW_NAMESPACE : undefined;
}

/** The same as a sentence of an error. */
export function namespaceAdvice(said: string): string | undefined {
  const command = namespaceFix(said);
  return command && `Run \`${command}\` as this user, then try again.`;
}

/**
 * The command after which Podman has ids for a user: ids of which nobody else has any, unless the user has enough of
 * which Podman does not know yet.
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

/** None for a line that is no range. */
function readRange(line: string): { owner: string; first: number; count: number }[] {
  const [, owner = "", first, count] = /^([^:#]+):(\d+):(\d+)$/.exec(line.trim()) ?? [];
  return first === undefined ? [] : [{ owner, first: Number(first), count: Number(count) }];
}
