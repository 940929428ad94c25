/**
 * Commands of agentd that do what takes long or needs more than the daemon: each in a process of its own, so that pages are
 * answered meanwhile, and with the same rules as an operator's.
 */
import pLimit from "p-limit";
import { AgentdError } from "../../errors.ts";

/** How many run at once; more wait. */
const MOST_AT_ONCE = 2;
/** How many wait at most. */
const MOST_WAITING = 32;

/** What came of a command. */
export interface Ended {
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs agentd with arguments to its end, for the daemon of this `agentd web`, and kills it when the signal is aborted. */
export type RunAgentd = (
  args: readonly string[],
  options: {
    readonly signal: AbortSignal;
    /** Called with each line of standard error. */
    readonly onLine?: ((line: string) => void) | undefined;
  },
) => Promise<Ended>;

export class OwnCommands {
  readonly #run: RunAgentd;
  readonly #limit = pLimit(MOST_AT_ONCE);

  constructor(run: RunAgentd) {
    this.#run = run;
  }

  /**
   * Runs one.
   *
   * @throws AgentdError `web_busy`.
   */
  async run(...[args, options]: Parameters<RunAgentd>): Promise<Ended> {
    if (this.#limit.pendingCount >= MOST_WAITING) {
      throw new AgentdError("web_busy", {
        tried: `run agentd ${args[0] ?? ""}`,
        why: `${MOST_WAITING} commands wait`,
        next: "Try again later.",
      });
    }
    return await this.#limit(() => {
      options.signal.throwIfAborted();
      return this.#run(args, options);
    });
  }

  /**
   * Runs one that prints JSON.
   *
   * @throws AgentdError `web_busy`; `web_command_failed` where it printed none.
   */
  async json<T>(...[args, options]: Parameters<RunAgentd>): Promise<T> {
    const { stdout, stderr } = await this.run(args, options);
    try {
      return JSON.parse(stdout) as T;
    } catch (cause) {
      throw commandFailed(args, stderr, cause);
    }
  }
}

/** The error for a command that did not do what it should; its own words say why. */
export function commandFailed(args: readonly string[], stderr: string, cause?: unknown): AgentdError {
  const words = stderr.trim().replace(/^agentd: /, "");
  return new AgentdError("web_command_failed", {
    tried: `run \`agentd ${args.join(" ")}\``,
    why: words === "" ? "it printed nothing" : words.slice(0, 1000),
    cause,
  });
}
