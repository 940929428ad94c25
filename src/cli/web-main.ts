/**
 * The program of `agentd web`: it alone has a server of HTTP. The whole program leaves the command to it, so that the daemon
 * does not carry what it never uses.
 */
import { availableParallelism, hostname } from "node:os";
import { dirname, join } from "node:path";
import { pino } from "pino";
import { requireConfigFile, stateDirectory, webSecretsFile } from "../config/paths.ts";
import { resolveSocketPath } from "../config/socket-path.ts";
import { failpointsOf } from "../failpoints.ts";
import { createLogger } from "../log.ts";
import { requireOrdinaryUser } from "../ordinary-user.ts";
import type { GlobalOptions } from "./command-line.ts";
import { web } from "./commands/web.ts";
import { webOpenapi } from "./commands/web-openapi.ts";
import { ownAgentd } from "./own-agentd.ts";
import { hostOf } from "./process-host.ts";
import { type CliHost, runCommandLine } from "./run-command-line.ts";

/** Runs the command line of this process and sets its exit code. */
export async function main(process: NodeJS.Process): Promise<void> {
  const host = hostOf(process);
  process.exitCode = await runCommandLine(host, {
    commands: [web, webOpenapi],
    contextOf: (basics, options) => ({ ...basics, runWeb: () => runWeb(process, host, options) }),
  });
}

/** Serves until a signal; resolves to the exit code. */
async function runWeb(process: NodeJS.Process, host: CliHost, options: GlobalOptions): Promise<number> {
  const { platform } = process;
  requireOrdinaryUser({ platform, uid: host.uid }, "start agentd web");
  process.umask(0o077);
  const [{ loadConfig }, { startWeb }] = await Promise.all([
    import("../config/load.ts"),
    import("../web/web.ts"),
  ]);
  const file = requireConfigFile(host, options.config);
  const shippedAgents = join(dirname(__dirname), "agents");
  const { web: settings } = await loadConfig(file, { ...host, cores: availableParallelism(), shippedAgents });
  const log = createLogger(pino.destination({ fd: 2, sync: true }), host.env["AGENTD_LOG"]);
  const ended = new Promise<void>((resolve) => void host.onInterrupt(resolve));
  const running = await startWeb({
    settings,
    socketPath: await resolveSocketPath(options, host),
    stateDirectory: stateDirectory(host),
    secretsFile: webSecretsFile(host),
    failpoints: failpointsOf({
      env: host.env,
      pid: process.pid,
      crash: () => process.kill(process.pid, "SIGKILL"),
    }),
    pagesDirectory: join(__dirname, "console"),
    uid: host.uid,
    version: host.version,
    now: host.now,
    monotonic: host.clock.monotonic,
    log,
    hostname: hostname(),
    sleep: host.clock.sleep,
    runAgentd: ownAgentd({
      host,
      options,
      node: process.execPath,
      program: join(dirname(__dirname), "bin", "agentd"),
    }),
  });
  await ended;
  await running.close();
  log.info("ended");
  return 0;
}
