/**
 * The whole program: every command, each of which loads its rooms when it is asked for.
 */
import { availableParallelism } from "node:os";
import { join } from "node:path";
import { defaultAuditRoot, findConfigFile } from "../config/paths.ts";
import type { GlobalOptions } from "./command-line.ts";
import { COMMANDS } from "./command-table.ts";
import { hostOf } from "./process-host.ts";
import { runCommandLine, type CliHost } from "./run-command-line.ts";

/** Runs the command line of this process and sets its exit code. */
export async function main(process: NodeJS.Process): Promise<void> {
  const host = hostOf(process);
  process.exitCode = await runCommandLine(host, {
    commands: COMMANDS,
    contextOf: (basics, options) => ({
      ...basics,
      auditRoot: () => auditRoot(host, options),
      runDaemon: () => runDaemon(process, host, options),
    }),
  });
}

async function auditRoot(host: CliHost, options: GlobalOptions): Promise<string> {
  const file = await findConfigFile(host, options.config);
  if (file === undefined) return defaultAuditRoot(host);
  const { loadConfig } = await import("../config/load.ts");
  const { daemon } = await loadConfig(file, { ...host, cores: availableParallelism() });
  return daemon.auditRoot ?? defaultAuditRoot(host);
}

async function runDaemon(process: NodeJS.Process, host: CliHost, options: GlobalOptions): Promise<number> {
  const { runDaemon } = await import("../daemon/main.ts");
  const sealWorker = join(__dirname, "seal-worker.cjs");
  return await runDaemon({ ...options, version: host.version, sealWorker }, process);
}
