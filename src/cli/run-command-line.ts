/**
 * From the words of the command line to an exit code.
 */
import { defaultAuditRoot, findConfigFile, type Environment } from "../config/paths.ts";
import { resolveSocketPath } from "../config/socket-path.ts";
import { connect } from "../rpc/client.ts";
import { readCommandLine, type GlobalOptions } from "./command-line.ts";
import { COMMANDS } from "./command-table.ts";
import { FAULTS } from "./command.ts";
import type { CliContext } from "./context.ts";
import { errorText, faultCode } from "./error-text.ts";
import { Output, type OutputStream } from "./output.ts";

/** What the process brings along. */
export interface CliHost {
  /** What follows the program's name. */
  readonly argv: readonly string[];
  readonly env: Environment;
  readonly home: string;
  readonly uid: number;
  readonly cores: number;
  readonly version: string;
  readonly stdout: OutputStream;
  readonly stderr: OutputStream;
  readonly now: () => number;
  readonly onInterrupt: CliContext["onInterrupt"];
  readonly runDaemon: (options: GlobalOptions) => Promise<number>;
}

/** How long a daemon may take to answer a new client. */
const CONNECT_TIMEOUT_MS = 10_000;

/** Runs one command and tells what goes wrong; never rejects. */
export async function runCommandLine(host: CliHost): Promise<number> {
  const stdout = new Output(host.stdout);
  const stderr = new Output(host.stderr);
  const line = readCommandLine(host.argv, COMMANDS, host.version);
  const faults = line.kind === "help" ? FAULTS : line.faults;
  try {
    if (line.kind === "wrong") throw line.error;
    if (line.kind === "command") return await line.body(createContext(host, line.options, stdout, stderr));
    await stdout.write(line.text);
    return 0;
  } catch (error) {
    // When standard error cannot be written either, the exit code has to say it all.
    await stderr.line(errorText(error)).catch(() => undefined);
    return faultCode(error, faults);
  }
}

function createContext(host: CliHost, options: GlobalOptions, stdout: Output, stderr: Output): CliContext {
  return {
    stdout,
    stderr,
    now: host.now,
    onInterrupt: host.onInterrupt,
    connect: async () =>
      await connect(await resolveSocketPath(options, host), {
        version: host.version,
        timeoutMs: CONNECT_TIMEOUT_MS,
      }),
    auditRoot: () => auditRoot(host, options),
    runDaemon: () => host.runDaemon(options),
  };
}

async function auditRoot(host: CliHost, options: GlobalOptions): Promise<string> {
  const file = await findConfigFile(host, options.config);
  if (file === undefined) return defaultAuditRoot(host);
  const { loadConfig } = await import("../config/load.ts");
  const { daemon } = await loadConfig(file, host);
  return daemon.auditRoot ?? defaultAuditRoot(host);
}
