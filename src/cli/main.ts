/**
 * The whole program: every command, each of which loads its rooms when it is asked for.
 */
import { availableParallelism } from "node:os";
import { dirname, join } from "node:path";
import type { Config } from "../config/config.ts";
import { defaultAuditRoot, findConfigFile, requireConfigFile, stateDirectory } from "../config/paths.ts";
import type { GlobalOptions } from "./command-line.ts";
import { COMMANDS } from "./command-table.ts";
import type { DaemonFlags } from "./frame/context.ts";
import { askOn, confirmOn, hostOf } from "./process-host.ts";
import { type CliHost, runCommandLine } from "./run-command-line.ts";

/** Runs the command line of this process and sets its exit code. */
export async function main(process: NodeJS.Process): Promise<void> {
  const host = hostOf(process);
  process.exitCode = await runCommandLine(host, {
    commands: COMMANDS,
    contextOf: (basics, options) => ({
      ...basics,
      auditRoot: () => auditRoot(host, options),
      stateDirectory: stateDirectory(host),
      loadConfig: (file) => loadConfig(host, options, file),
      cores: availableParallelism(),
      installation: {
        host,
        options,
        version: host.version,
        node: process.execPath,
        packageDirectory: dirname(__dirname),
      },
      confirm: confirmOn(process),
      ask: askOn(process),
      runDaemon: (flags) => runDaemon(process, host, { ...options, ...flags }),
      runWeb: () => runWeb(process),
    }),
  });
}

async function auditRoot(host: CliHost, options: GlobalOptions): Promise<string> {
  const file = await findConfigFile(host, options.config);
  if (file === undefined) return defaultAuditRoot(host);
  const { daemon } = await loadConfig(host, options, file);
  return daemon.auditRoot ?? defaultAuditRoot(host);
}

async function loadConfig(host: CliHost, options: GlobalOptions, file: string | undefined): Promise<Config> {
  const { loadConfig: load } = await import("../config/load.ts");
  const named = file ?? (await requireConfigFile(host, options.config));
  return await load(named, { ...host, cores: availableParallelism(), shippedAgents: shippedAgents() });
}

async function runDaemon(
  process: NodeJS.Process,
  host: CliHost,
  options: GlobalOptions & DaemonFlags,
): Promise<number> {
  const { runDaemon } = await import("../daemon/main.ts");
  const sealWorker = join(__dirname, "seal-worker.cjs");
  const removalWorker = join(__dirname, "removal-worker.cjs");
  const exportWorker = join(__dirname, "export-worker.cjs");
  const artifactWorker = join(__dirname, "artifact-worker.cjs");
  const copyWorker = join(__dirname, "copy-worker.cjs");
  const gateway = join(__dirname, "gateway.cjs");
  const scripts = { sealWorker, removalWorker, exportWorker, artifactWorker, copyWorker, gateway };
  const given = { version: host.version, shippedAgents: shippedAgents() };
  return await runDaemon({ ...options, ...given, ...scripts }, process, host.env);
}

/** Leaves the command line to the program that has a server of HTTP. */
async function runWeb(process: NodeJS.Process): Promise<number> {
  const program = join(__dirname, "web.cjs");
  const { main: start } = (await import(program)) as { readonly main: typeof main };
  await start(process);
  return Number(process.exitCode ?? 0);
}

function shippedAgents(): string {
  return join(dirname(__dirname), "agents");
}
