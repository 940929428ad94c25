/** Commands for another host: how each of them runs there. */
import { existsSync } from "node:fs";
import { join } from "node:path";
import { isatty } from "node:tty";
import { contextsFile, type Host } from "../config/paths.ts";
import { AgentdError } from "../errors.ts";
import type { RemoteHost } from "../remote/selection.ts";
import type { Ssh } from "../remote/ssh.ts";
import { hostNamedIn, type TypedCommand } from "./command-line.ts";
import { type CliContext, type ContextAnswer, type Elsewhere, say } from "./frame/context.ts";
import { isWeb } from "./over-web.ts";
import type { CliHost } from "./run-command-line.ts";

type Typed = Pick<TypedCommand<never>, "name" | "place" | "options" | "words">;

/** Standard input by name, in a command that does not read it otherwise. */
const INPUT_WORDS = ["-", "/dev/stdin"];
/** Commands whose standard input is that of what they start. */
const READERS = ["exec", "mcp"];

/**
 * The host that a command is for; undefined for this one.
 *
 * @throws AgentdError as `selectHost`; `usage` when the command cannot be for another host.
 */
export async function remoteHostOf(
  { name, place, options }: Typed,
  host: CliHost,
): Promise<RemoteHost | undefined> {
  const isAsked = options.host !== undefined || options.context !== undefined;
  if (place === "here") {
    if (!isAsked) return undefined;
    throw new AgentdError("usage", {
      tried: `run \`agentd ${name}\` on another host`,
      why: "this command is for the machine on which it is typed",
      next: "Leave --host and --context out, or log in there.",
    });
  }
  const { env } = host;
  const file = contextsFile(host);
  // Most operators have one host: nothing is loaded for them.
  if (!isAsked && !env["AGENTD_HOST"] && !env["AGENTD_CONTEXT"] && !existsSync(file)) return undefined;
  const { selectHost } = await import("../remote/selection.ts");
  return (await selectHost({ options, env, contextsFile: file })).remote;
}

/** ssh to a host, as the operator's terminal allows. */
export async function sshTo(remote: RemoteHost, host: Host, connectSeconds?: number): Promise<Ssh> {
  const { Ssh: Connection } = await import("../remote/ssh.ts");
  const runtime = host.env["XDG_RUNTIME_DIR"];
  return new Connection(remote, {
    env: host.env,
    controlDirectory: runtime === undefined || runtime === "" ? undefined : join(runtime, "agentd", "ssh"),
    mayAsk: connectSeconds === undefined,
    connectSeconds,
  });
}

/**
 * Runs a command on another host, but one whose files are fetched; resolves to its exit code.
 *
 * @throws AgentdError `host_unreachable`, `host_unsuitable`, `host_lost`.
 */
export async function runElsewhere(
  command: Typed,
  remote: RemoteHost,
  host: CliHost,
  context: CliContext,
): Promise<number> {
  const ssh = await sshTo(remote, host);
  if (command.place !== "followed") return await runOnTerminal(command.words, command.name, ssh, host);
  const { followThere } = await import("../remote/near.ts");
  const { stdout, stderr } = context;
  const columns = (output: CliContext["stdout"]): number | null =>
    output.isTerminal ? (output.columns ?? 80) : null;
  const followed = {
    words: command.words,
    tried: `run \`agentd ${command.name}\``,
    version: host.version,
    requestId: await host.newRequestId(),
  };
  return await followThere(followed, ssh, {
    write: async (output, text) => {
      await context[output].write(text);
      return !context[output].closed.aborted;
    },
    columns: { stdout: columns(stdout), stderr: columns(stderr) },
    stdin: host.stdin,
    readFile: host.readFile,
    onInterrupt: host.onInterrupt,
    clock: host.clock,
    tell: (text) => say(context, text),
  });
}

/** How long a host may take to answer that is one of many, in seconds. */
const CONNECT_SECONDS = 10;

/** What a command line of this program has printed. */
export interface Ran {
  readonly exitCode: number;
  readonly stdout: string;
  readonly stderr: string;
}

/**
 * Asks every host that has a name, all at once and none of them for a password.
 *
 * @param runHere runs a command line in this process; for hosts that are asked by HTTP.
 */
export async function askContexts(
  words: readonly string[],
  host: CliHost,
  runHere: (words: readonly string[]) => Promise<Ran>,
): Promise<ContextAnswer[]> {
  const [{ readContexts }, { remoteOf }, { askThere }] = await Promise.all([
    import("../remote/contexts.ts"),
    import("../remote/selection.ts"),
    import("../remote/there.ts"),
  ]);
  const { hosts } = await readContexts(contextsFile(host));
  return await Promise.all(
    [...hosts].map(async ([context, named]) => {
      try {
        const remote = remoteOf(context, named);
        const ask = async (): Promise<Ran> => {
          if (isWeb(remote)) return await runHere(["--context", context, ...words]);
          const ssh = await sshTo(remote, host, CONNECT_SECONDS);
          return await askThere(words, ssh, { tried: `ask ${context}`, version: host.version });
        };
        const answer = await ask();
        // Its JSON may be followed by an error; without it, the error is all there is.
        if (answer.stdout === "") throw new Error(answer.stderr.trim().replace(/^agentd: /, ""));
        return { context, ...answer };
      } catch (error) {
        return { context, error };
      }
    }),
  );
}

/** How long a person at a prompt waits for a host, in seconds. */
const COMPLETION_SECONDS = 2;

/** What the host of an unfinished command line answers to it; undefined where it is this one. */
export async function completeElsewhere(
  typed: readonly string[],
  host: CliHost,
): Promise<string | undefined> {
  const { words, options } = hostNamedIn(typed);
  const remote = await remoteHostOf({ name: "__complete", place: "there", options, words }, host);
  if (remote === undefined) return undefined;
  // The HTTP API completes nothing.
  if (isWeb(remote)) return "";
  const { askThere } = await import("../remote/there.ts");
  const ssh = await sshTo(remote, host, COMPLETION_SECONDS);
  const asked = { tried: "complete the command line", version: host.version };
  return (await askThere(["__complete", "--", ...words], ssh, asked)).stdout;
}

/** The host for a command whose files are fetched from there. */
export async function elsewhereOf(command: Typed, remote: RemoteHost, host: CliHost): Promise<Elsewhere> {
  const ssh = await sshTo(remote, host);
  const { socket, config } = command.options;
  const there = [
    ...(socket === undefined ? [] : ["--socket", socket]),
    ...(config === undefined ? [] : ["--config", config]),
  ];
  return {
    run: (words) => runOnTerminal([...there, ...words], command.name, ssh, host),
    fetch: async (words) => {
      const { fetchThere } = await import("../remote/fetch.ts");
      const tried = `run \`agentd ${command.name}\``;
      const fetched = await fetchThere([...there, ...words], ssh, { tried, version: host.version });
      return fetched.kind === "failed" ? fetched.exitCode : fetched;
    },
  };
}

async function runOnTerminal(
  words: readonly string[],
  name: string,
  ssh: Ssh,
  host: CliHost,
): Promise<number> {
  const { runThere } = await import("../remote/there.ts");
  const readsInput =
    READERS.includes(name) || words.some((word) => INPUT_WORDS.includes(word.replace(/^[^=]+=/, "")));
  return await runThere(words, ssh, {
    tried: `run \`agentd ${name}\``,
    version: host.version,
    hasTerminal: isatty(0) && isatty(1) && isatty(2),
    readsInput,
    onInterrupt: host.onInterrupt,
  });
}
