/**
 * The program of `agentd daemon`: it runs for months, and holds its source in memory as long. The whole program leaves the
 * command to it, so that the daemon does not carry what only other commands use.
 */
import { dirname, join } from "node:path";
import type { GlobalOptions } from "./command-line.ts";
import { daemon } from "./commands/daemon.ts";
import type { DaemonFlags } from "./frame/context.ts";
import { hostOf } from "./process-host.ts";
import { type CliHost, runCommandLine } from "./run-command-line.ts";

/** Runs the command line of this process and sets its exit code. */
export async function main(process: NodeJS.Process): Promise<void> {
  const host = hostOf(process);
  process.exitCode = await runCommandLine(host, {
    commands: [daemon],
    contextOf: (basics, options) => ({
      ...basics,
      runDaemon: (flags) => runDaemon(process, host, { ...options, ...flags }),
    }),
  });
}

async function runDaemon(
  process: NodeJS.Process,
  host: CliHost,
  options: GlobalOptions & DaemonFlags,
): Promise<number> {
  // Before the rest of the daemon, whose beginning is the first busy moment.
  const { keepHeapSmall } = await import("../daemon/process/small-heap.ts");
  keepHeapSmall();
  const { runDaemon } = await import("../daemon/main.ts");
  const programs = {
    sealWorker: join(__dirname, "seal-worker.cjs"),
    removalWorker: join(__dirname, "removal-worker.cjs"),
    exportWorker: join(__dirname, "export-worker.cjs"),
    artifactWorker: join(__dirname, "artifact-worker.cjs"),
    copyWorker: join(__dirname, "copy-worker.cjs"),
    retentionWorker: join(__dirname, "retention-worker.cjs"),
    gateway: join(__dirname, "gateway.cjs"),
  };
  const given = { version: host.version, shippedAgents: join(dirname(__dirname), "agents") };
  return await runDaemon({ ...options, ...given, ...programs }, process, host.env);
}
