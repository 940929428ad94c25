/** Limits that sessions share with the user's other programs and could exhaust. */
import { type Finding, ok, warning } from "../../finding.ts";
import { readIfThere } from "../../if-there.ts";

/** This many instances are rarely exhausted by accident: build tools and editors use a few each. */
const ENOUGH_INSTANCES = 1024;

/** No finding if the kernel has no inotify. @param file what the kernel tells about it. */
export async function inotifyFinding(
  file = "/proc/sys/fs/inotify/max_user_instances",
): Promise<Finding | undefined> {
  const instances = Number.parseInt((await readIfThere(file)) ?? "", 10);
  if (Number.isNaN(instances)) return undefined;
  const found = `this user's programs and sessions share ${instances} inotify instances`;
  if (instances >= ENOUGH_INSTANCES) return ok(found);
  return warning(
    `${found}; a single session can use them all up`,
    "echo fs.inotify.max_user_instances=8192 | sudo tee /etc/sysctl.d/60-inotify.conf && sudo sysctl --system",
  );
}

/** What the configuration allows all sessions together. */
export interface SessionProcesses {
  readonly maxSessions: number;
  /** Processes and threads of one session at most. */
  readonly pids: number;
}

/** @param most processes that the user may have; `Infinity` for any number. */
export function processesFinding({ maxSessions, pids }: SessionProcesses, most: number): Finding {
  const all = maxSessions * pids;
  const found = `${maxSessions} sessions may have up to ${all} processes in total`;
  if (most === Infinity) return ok(`${found}, and this user has no limit`);
  if (all < most) return ok(`${found}, and this user may have ${most}`);
  return warning(
    `${found}, but this user may have only ${most}: sessions can keep you from starting programs`,
    `set pids in the profiles, or daemon.max_sessions, so that their product is below ${most}`,
  );
}
