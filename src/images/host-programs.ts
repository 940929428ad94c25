/** The programs of the host that make images: found or asked for, run without a shell, and quoted when they fail. */
import { execa } from "execa";
import type { Environment } from "../environment.ts";
import { AgentdError, type ErrorCode } from "../errors.ts";
import { SERVICE_ENVIRONMENT } from "../podman/service/service-environment.ts";

/** How a missing program is installed. */
const HOW_TO_INSTALL: Readonly<Record<string, string>> = {
  podman: "Install it: sudo apt-get install podman",
  npm: "Install it: sudo apt-get install npm, or with the Node.js that you use.",
  mmdebstrap:
    "Install it (sudo apt-get install mmdebstrap), or build from an image of a registry: --from docker.io/library/debian:13-slim",
};

/** What npm may have besides: its own settings, and certificates. */
const OF_NPM = /^(?:npm_config_[a-z_]+|NPM_CONFIG_[A-Z_]+|NODE_EXTRA_CA_CERTS)$/;
/** What an error quotes of a program's last words. */
const QUOTED_LINES = 8;
const QUOTED_CHARACTERS = 2_000;

export interface ProgramRun {
  readonly program: string;
  readonly args: readonly string[];
  /** What for, as a phrase after "cannot". */
  readonly tried: string;
  /** What to do when it fails. */
  readonly next: string;
  /** Of the error when it fails. Default `image_build_failed`. */
  readonly code?: ErrorCode;
}

/** Runs programs of the host with an allowed part of one environment. */
export class HostPrograms {
  readonly #environment: Environment;
  readonly #signal: AbortSignal;

  /** @param signal ends what runs. */
  constructor(environment: Environment, signal: AbortSignal) {
    const allowed = Object.entries(environment).filter(
      ([name]) => (SERVICE_ENVIRONMENT as readonly string[]).includes(name) || OF_NPM.test(name),
    );
    this.#environment = Object.fromEntries(allowed);
    this.#signal = signal;
  }

  /**
   * Runs a program to its end; resolves to its standard output.
   *
   * @throws AgentdError with its last words, or with how to install it.
   */
  async run({ program, args, tried, next, code = "image_build_failed" }: ProgramRun): Promise<string> {
    const result = await execa(program, args, {
      env: this.#environment,
      extendEnv: false,
      stdin: "ignore",
      reject: false,
      cancelSignal: this.#signal,
      forceKillAfterDelay: 10_000,
    });
    if (!result.failed) return result.stdout;
    if (result.code === "ENOENT") {
      throw new AgentdError(code, {
        tried,
        why: `there is no program ${program} on this host`,
        next: HOW_TO_INSTALL[program] ?? "Install it.",
        details: { program },
      });
    }
    const words = quoted(result.stderr || result.stdout);
    const how = result.isCanceled ? "was interrupted" : `failed (${result.exitCode ?? result.signal ?? "?"})`;
    throw new AgentdError(code, {
      tried,
      why: words === "" ? `${program} ${how}` : `${program} ${how}:\n${words}`,
      next,
      details: { program, exit_code: result.exitCode ?? null },
    });
  }

  /** As `run`, but undefined when the program fails; a missing one is an error all the same. */
  async ask(run: ProgramRun): Promise<string | undefined> {
    try {
      return await this.run(run);
    } catch (error) {
      if (error instanceof AgentdError && error.details?.["exit_code"] !== undefined) return undefined;
      throw error;
    }
  }
}

function quoted(text: string): string {
  const lines = text.trimEnd().split("\n").slice(-QUOTED_LINES);
  return lines
    .map((line) => `  ${line}`)
    .join("\n")
    .slice(-QUOTED_CHARACTERS);
}
