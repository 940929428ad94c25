/**
 * The whole program: every command, each of which loads its rooms when it is asked for.
 */
import { availableParallelism } from "node:os";
import { dirname, join } from "node:path";
import type { Config } from "../config/config.ts";
import { defaultAuditRoot, findConfigFile, requireConfigFile, stateDirectory } from "../config/paths.ts";
import type { McpHost } from "../mcp/host.ts";
import type { GlobalOptions } from "./command-line.ts";
import { COMMANDS } from "./command-table.ts";
import {
  askContexts,
  completeElsewhere,
  elsewhereOf,
  type Ran,
  remoteHostOf,
  runElsewhere,
} from "./elsewhere.ts";
import type { CliContext, Elsewhere, LocalContext } from "./frame/context.ts";
import { isWeb, webContext } from "./over-web.ts";
import { askOn, confirmOn, farEndOf, hostOf } from "./process-host.ts";
import { type CliHost, type Program, runCommandLine } from "./run-command-line.ts";
import { KeptOutput } from "./terminal/kept-output.ts";

/** Runs the command line of this process and sets its exit code. */
export async function main(process: NodeJS.Process): Promise<void> {
  const host = hostOf(process);
  process.exitCode = await runCommandLine(host, programForAnyHost(process, host));
}

function programForAnyHost(process: NodeJS.Process, host: CliHost): Program<LocalContext> {
  return {
    ...programOf(process, host),
    elsewhere: async (command, basics) => {
      const remote = await remoteHostOf(command, host);
      if (remote === undefined) return undefined;
      if (isWeb(remote)) {
        const context = await webContext(command, remote, host, basics);
        return await command.body(
          contextOf(process, host, context, { options: command.options, elsewhere: undefined }),
        );
      }
      if (command.place !== "fetched") return await runElsewhere(command, remote, host, basics);
      const elsewhere = await elsewhereOf(command, remote, host);
      return await command.body(contextOf(process, host, basics, { options: command.options, elsewhere }));
    },
  };
}

/** Runs a command line in this process; resolves to what it has printed. */
async function runHere(process: NodeJS.Process, host: CliHost, words: readonly string[]): Promise<Ran> {
  const [stdout, stderr] = [new KeptOutput(), new KeptOutput()];
  const changed = { ...host, argv: words, stdout, stderr, isInteractive: () => false };
  const exitCode = await runCommandLine(changed, programForAnyHost(process, changed));
  return { exitCode, stdout: stdout.text, stderr: stderr.text };
}

function programOf(process: NodeJS.Process, host: CliHost): Program<LocalContext> {
  return {
    commands: COMMANDS,
    contextOf: (basics, options) => contextOf(process, host, basics, { options, elsewhere: undefined }),
  };
}

function contextOf(
  process: NodeJS.Process,
  host: CliHost,
  basics: CliContext,
  { options, elsewhere }: { readonly options: GlobalOptions; readonly elsewhere: Elsewhere | undefined },
): LocalContext {
  return {
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
    elsewhere,
    completeElsewhere: (words) => completeElsewhere(words, host),
    askContexts: (words) => askContexts(words, host, (line) => runHere(process, host, line)),
    farEnd: farEndOf(process, (words, parts) => {
      const changed = { ...host, ...parts, argv: words };
      return runCommandLine(changed, programOf(process, changed));
    }),
    confirm: confirmOn(process),
    ask: askOn(process),
    serveMcp,
    runDaemon: () => leaveTo("daemon.cjs", process),
    runWeb: () => leaveTo("web.cjs", process),
    runOne: () => leaveTo("daemon.cjs", process),
  };
}

/** In a program of its own beside this one: it is as large as half of this one. */
async function serveMcp(host: McpHost): Promise<void> {
  const program = (await import(join(__dirname, "mcp.cjs"))) as {
    readonly serveMcp: (host: McpHost) => Promise<void>;
  };
  await program.serveMcp(host);
}

async function auditRoot(host: CliHost, options: GlobalOptions): Promise<string> {
  const file = findConfigFile(host, options.config);
  if (file === undefined) return defaultAuditRoot(host);
  const { daemon } = await loadConfig(host, options, file);
  return daemon.auditRoot ?? defaultAuditRoot(host);
}

async function loadConfig(host: CliHost, options: GlobalOptions, file: string | undefined): Promise<Config> {
  const { loadConfig: load } = await import("../config/load.ts");
  const named = file ?? requireConfigFile(host, options.config);
  return await load(named, { ...host, cores: availableParallelism(), shippedAgents: shippedAgents() });
}

/** Leaves the command line to the program of its command, beside this one. */
async function leaveTo(name: string, process: NodeJS.Process): Promise<number> {
  const program = (await import(join(__dirname, name))) as { readonly main: typeof main };
  await program.main(process);
  return Number(process.exitCode ?? 0);
}

function shippedAgents(): string {
  return join(dirname(__dirname), "agents");
}
