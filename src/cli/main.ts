/**
 * Where the process begins: hands it over, in the main thread to the command line, in a worker to its work.
 *
 * Everything is imported where it is needed, so that neither pays for the other.
 */
import { availableParallelism, homedir } from "node:os";
import { isMainThread, parentPort, workerData } from "node:worker_threads";

/** Set by the build; sources that run unbuilt have no version. */
declare const AGENTD_VERSION: string | undefined;

const VERSION = typeof AGENTD_VERSION === "string" ? AGENTD_VERSION : "0.0.0";

/** Runs the command line of this process and sets its exit code. */
export async function main(process: NodeJS.Process): Promise<void> {
  const { runCommandLine } = await import("./run-command-line.ts");
  process.exitCode = await runCommandLine({
    argv: process.argv.slice(2),
    env: process.env,
    home: homedir(),
    uid: process.getuid?.() ?? 0,
    cores: availableParallelism(),
    version: VERSION,
    stdout: process.stdout,
    stderr: process.stderr,
    now: Date.now,
    onInterrupt: (listener) => onInterrupt(process, listener),
    runDaemon: async (options) => {
      const { runDaemon } = await import("../daemon/main.ts");
      return await runDaemon({ ...options, version: VERSION, bundle: __filename }, process);
    },
  });
}

function onInterrupt(process: NodeJS.Process, listener: () => void): () => void {
  process.on("SIGINT", listener).on("SIGTERM", listener);
  return () => void process.off("SIGINT", listener).off("SIGTERM", listener);
}

async function runWorker(): Promise<void> {
  const { agentdWorker } = (workerData ?? {}) as { agentdWorker?: unknown };
  if (parentPort === null || agentdWorker !== "seal") return;
  const { runSealWorker } = await import("../audit/seal-worker.ts");
  runSealWorker(parentPort);
}

if (!isMainThread) void runWorker();
