/**
 * The life of the daemon's process: start, run until told to end, drain.
 */
import { homedir } from "node:os";
import { AgentdError } from "../errors.ts";
import { ReleaseStack } from "../sessions/release-stack.ts";
import { compose, type Daemon, type DaemonOptions } from "./compose.ts";
import { ShutdownSignals } from "./shutdown.ts";

/**
 * Runs the daemon in the foreground until it is told to end, and drains it then.
 *
 * @returns the exit code: 0 after a drain. A second signal ends the process at once, by that signal.
 * @throws AgentdError when it cannot start; nothing is left behind then.
 */
export async function runDaemon(options: DaemonOptions, process: NodeJS.Process): Promise<number> {
  const host = { env: process.env, home: homedir(), uid: checkHost(process) };
  using signals = new ShutdownSignals(process);
  void signals.second.then((signal) => {
    signals[Symbol.dispose]();
    process.kill(process.pid, signal);
  });

  const resources = new ReleaseStack();
  try {
    const daemon = await compose({ ...options, host, pid: process.pid, resources });
    await drain(daemon, await signals.first);
    return 0;
  } finally {
    await resources.release();
  }
}

async function drain({ intake, log }: Daemon, signal: NodeJS.Signals): Promise<void> {
  intake.close();
  const open = intake.openSessions.length;
  log.info({ signal, open }, "draining: no new work; a second signal ends the daemon at once");
  await intake.drained();
  log.info({ queued: intake.openSessions.length }, "drained");
}

/** Refuses a host that agentd is not made for; returns the user's id. */
function checkHost(process: NodeJS.Process): number {
  if (process.platform !== "linux") {
    throw new AgentdError("not_linux", {
      tried: "start the daemon",
      why: `this is ${process.platform}, and agentd needs Linux: namespaces, cgroups, rootless Podman`,
      next: "Run it on a Linux host.",
    });
  }
  const uid = process.getuid?.();
  if (uid === undefined || uid === 0) {
    throw new AgentdError("root_refused", {
      tried: "start the daemon",
      why: "it runs as root, and agentd is rootless",
      next: "Start it as an ordinary user with lines in /etc/subuid and /etc/subgid, for example by `systemctl --user`.",
    });
  }
  return uid;
}
