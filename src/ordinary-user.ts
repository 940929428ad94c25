import { AgentdError } from "./errors.ts";

/** The platform and the user of a process; `uid` is undefined where users have no numbers. */
export interface Runner {
  readonly platform: string;
  readonly uid: number | undefined;
}

/**
 * Refuses a host and a user that agentd does not support; returns the user's id.
 *
 * @param tried what cannot be done then, as a phrase after "cannot".
 * @throws AgentdError `not_linux`, `root_refused`.
 */
export function requireOrdinaryUser({ platform, uid }: Runner, tried: string): number {
  if (platform !== "linux") {
    throw new AgentdError("not_linux", {
      tried,
      why: `this is ${platform}, but agentd needs Linux (namespaces, cgroups, rootless Podman)`,
      next: "Run it on a Linux host.",
    });
  }
  if (uid === undefined || uid === 0) {
    throw new AgentdError("root_refused", {
      tried,
      why: "it was started as root, but agentd is rootless",
      next: "Log in as an ordinary user with lines in /etc/subuid and /etc/subgid, by ssh or `machinectl shell USER@`, and run the command there.",
    });
  }
  return uid;
}
