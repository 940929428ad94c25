import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { until } from "./until.mjs";

/** A command on a terminal of its own, at which a test types: a pseudo-terminal that `script` of util-linux makes. */
export class Terminal {
  readonly #child: ChildProcess;
  readonly #ended: Promise<number>;
  readonly #text: string;
  #shown = "";

  /**
   * Opens a terminal of 100 columns and 30 rows and starts the command.
   *
   * @param text for the shell.
   * @param env the whole environment.
   */
  constructor(text: string, env: NodeJS.ProcessEnv) {
    this.#text = text;
    const command = `stty rows 30 cols 100; ${text}`;
    this.#child = spawn("script", ["--quiet", "--return", "--command", command, "/dev/null"], {
      env,
      stdio: ["pipe", "pipe", "inherit"],
    });
    this.#child.stdout?.setEncoding("utf8").on("data", (chunk: string) => (this.#shown += chunk));
    // One that has ended takes nothing more.
    this.#child.stdin?.on("error", () => undefined);
    this.#ended = once(this.#child, "close").then(([code]: unknown[]) =>
      typeof code === "number" ? code : -1,
    );
  }

  /** Everything that it has shown. */
  get shown(): string {
    return this.#shown;
  }

  /** Types; `\r` is Return, `\x03` Ctrl-C and `\x04` Ctrl-D. */
  type(keys: string): void {
    this.#child.stdin?.write(keys);
  }

  /** Resolves once it has shown the text. */
  async shows(text: string): Promise<void> {
    await until(`"${text}" on the terminal of \`${this.#text}\``, () => this.#shown.includes(text)).catch(
      (error: unknown) => {
        throw new Error(`the terminal of \`${this.#text}\` shows:\n${this.#shown}`, { cause: error });
      },
    );
  }

  /** Resolves to the exit code; -1 when a signal ended it. */
  async end(): Promise<number> {
    return await this.#ended;
  }
}
