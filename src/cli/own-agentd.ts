/** Commands of this agentd, run by `agentd web` for its pages. */
import { execa, type Options } from "execa";
import type { RunAgentd } from "../web/records/own-commands.ts";
import type { GlobalOptions } from "./command-line.ts";
import type { CliHost } from "./run-command-line.ts";

export interface OwnAgentdOptions {
  readonly host: Pick<CliHost, "env">;
  /** As `agentd web` was started with. */
  readonly options: GlobalOptions;
  /** Path of Node.js. */
  readonly node: string;
  /** Path of the launcher. */
  readonly program: string;
}

/** What they print at most. */
const MOST_BYTES = 64 * 1024 * 1024;

/** For the daemon of this host, whatever host the operator's commands are for. */
export function ownAgentd({ host, options, node, program }: OwnAgentdOptions): RunAgentd {
  const { config, socket } = options;
  const named = Object.entries({ config, socket }).flatMap(([name, value]) =>
    value === undefined ? [] : [`--${name}`, value],
  );
  return async (args, { signal, onLine }) => {
    const run: Options = {
      env: host.env,
      extendEnv: false,
      stdin: "ignore",
      reject: false,
      cancelSignal: signal,
      maxBuffer: MOST_BYTES,
    };
    const child = execa(node, [program, "--context", "local", ...named, ...args], run);
    if (onLine !== undefined)
      for await (const line of child.iterable({ from: "stderr" })) onLine(String(line));
    const { stdout, stderr } = await child;
    signal.throwIfAborted();
    return { stdout: String(stdout), stderr: String(stderr) };
  };
}
