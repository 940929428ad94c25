/**
 * The life of the daemon's process: start, run until a signal, drain or detach.
 */
import { homedir } from "node:os";
import type { Environment } from "../environment.ts";
import { requireOrdinaryUser } from "../ordinary-user.ts";
import { ReleaseStack } from "../release-stack.ts";
import { ServiceManager } from "../systemd/service-manager.ts";
import { compose, type Daemon } from "./compose.ts";
import type { DaemonOptions } from "./daemon-options.ts";
import { keepForChildren } from "./process/children-environment.ts";
import { ReloadSignal } from "./process/reload-signal.ts";
import { ShutdownSignals } from "./process/shutdown.ts";
import { statusLine } from "./process/status-line.ts";

/**
 * Runs the daemon in the foreground until a signal, then drains or detaches it.
 *
 * @param env the environment that the process was started with; `process.env` keeps only what children may have.
 * @returns the exit code: 0 after that. A second signal ends the process at once, by that signal.
 * @throws AgentdError when it cannot start; nothing is left behind then.
 */
export async function runDaemon(
  options: DaemonOptions,
  process: NodeJS.Process,
  env: Environment,
): Promise<number> {
  keepForChildren(process.env);
  // For this process and its children; git is given the usual one for what sessions see.
  process.umask(0o077);
  const { platform } = process;
  const uid = requireOrdinaryUser({ platform, uid: process.getuid?.() }, "start the daemon");
  const host = { env, home: homedir(), uid };
  using hangUps = new ReloadSignal(process);
  using signals = new ShutdownSignals(process);
  void signals.second.then((signal) => {
    signals[Symbol.dispose]();
    process.kill(process.pid, signal);
  });

  const resources = new ReleaseStack();
  try {
    const { pid } = process;
    const crash = (): void => void process.kill(pid, "SIGKILL");
    const daemon = await compose({ ...options, host, pid, crash, resources });
    const manager = new ServiceManager({ environment: env, pid, log: daemon.log });
    const status = (): string => statusLine(daemon.intake);
    await manager.ready(status());
    resources.defer("messages to systemd", manager.follow(status));
    hangUps.follow(() => void reload(daemon));
    const signal = await signals.first;
    void manager.stopping("ending");
    await end(daemon, signal, pid);
    return 0;
  } finally {
    await resources.release();
  }
}

/** For SIGHUP: no client waits for an answer, so the log has it. */
async function reload({ reloading, log }: Daemon): Promise<void> {
  try {
    await reloading.reload();
  } catch (error) {
    log.error({ error }, "configuration not reloaded");
  }
}

async function end(
  { intake, scheduler, log, ...daemon }: Daemon,
  signal: NodeJS.Signals,
  pid: number,
): Promise<void> {
  const shutdown = daemon.shutdown();
  daemon.tell("daemon.stopping", { pid, signal, shutdown });
  intake.close();
  // However long sessions still run.
  void daemon.pool.close();
  await scheduler.stop();
  const open = intake.openSessions.length;
  log.info(
    { signal, shutdown, open },
    "shutting down: no new sessions; a second signal ends the daemon at once",
  );
  await (shutdown === "drain" ? intake.drained() : intake.detached());
  log.info({ left: intake.openSessions.length }, "ended");
}
