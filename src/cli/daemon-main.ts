/**
 * The program of `agentd daemon` and `agentd exec-one`: they run for long, and hold their source in memory as long. The whole
 * program leaves the commands to it, so that they do not carry what only other commands use.
 */
import { dirname, join } from "node:path";
import type { RunnerOptions } from "../runner/runner-options.ts";
import type { GlobalOptions } from "./command-line.ts";
import { daemon } from "./commands/daemon.ts";
import { execOne } from "./commands/exec-one.ts";
import type { DaemonFlags } from "./frame/context.ts";
import { hostOf } from "./process-host.ts";
import { type CliHost, runCommandLine } from "./run-command-line.ts";

/** Runs the command line of this process and sets its exit code. */
export async function main(process: NodeJS.Process): Promise<void> {
  const host = hostOf(process);
  process.exitCode = await runCommandLine(host, {
    commands: [daemon, execOne],
    contextOf: (basics, options) => ({
      ...basics,
      runDaemon: (flags) => runDaemon(process, host, { ...options, ...flags }),
      runOne: (runner) => runOne(process, host, runner),
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
    ...sessionPrograms(),
    retentionWorker: join(__dirname, "retention-worker.cjs"),
    placement: join(__dirname, "placement.cjs"),
  };
  const given = { version: host.version, shippedAgents: join(dirname(__dirname), "agents") };
  return await runDaemon({ ...options, ...given, ...programs }, process, host.env);
}

async function runOne(
  process: NodeJS.Process,
  { version, env }: CliHost,
  options: RunnerOptions,
): Promise<number> {
  const { runOne: run } = await import("../runner/run-one.ts");
  return await run(options, { version, ...sessionPrograms() }, process, env);
}

/** What sessions need of the programs beside this one. */
function sessionPrograms() {
  return {
    sealWorker: join(__dirname, "seal-worker.cjs"),
    removalWorker: join(__dirname, "removal-worker.cjs"),
    exportWorker: join(__dirname, "export-worker.cjs"),
    artifactWorker: join(__dirname, "artifact-worker.cjs"),
    copyWorker: join(__dirname, "copy-worker.cjs"),
    gateway: join(__dirname, "gateway.cjs"),
  };
}
