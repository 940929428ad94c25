import { spawn } from "node:child_process";
import { once } from "node:events";
import { until } from "../until.mjs";

/** A command as an operator types it, running or ended, in a process group of its own. */
export class Command {
  readonly text: string;
  readonly #ended: Promise<number>;
  readonly #group: number;
  readonly #stdout: Buffer[] = [];
  readonly #stderr: Buffer[] = [];
  #exitCode: number | undefined;

  /**
   * Starts it.
   *
   * @param text for the shell.
   * @param env the whole environment.
   */
  constructor(text: string, env: NodeJS.ProcessEnv) {
    this.text = text;
    // exec: a signal meets the command itself, not only the shell around it.
    const child = spawn("/bin/sh", ["-c", `exec ${text}`], {
      env,
      detached: true,
      stdio: ["ignore", "pipe", "pipe"],
    });
    child.stdout.on("data", (chunk: Buffer) => this.#stdout.push(chunk));
    child.stderr.on("data", (chunk: Buffer) => this.#stderr.push(chunk));
    if (child.pid === undefined) throw new Error(`cannot start ${text}`);
    this.#group = child.pid;
    this.#ended = once(child, "close").then(([code]: unknown[]) => {
      this.#exitCode = typeof code === "number" ? code : -1;
      return this.#exitCode;
    });
  }

  /** Of its first process. */
  get pid(): number {
    return this.#group;
  }

  get stdout(): Buffer {
    return Buffer.concat(this.#stdout);
  }

  get stderr(): Buffer {
    return Buffer.concat(this.#stderr);
  }

  /** Its exit code, -1 when a signal ended it; undefined while it runs. */
  get exitCode(): number | undefined {
    return this.#exitCode;
  }

  /** Resolves to its exit code, with all of its output there. */
  async end(): Promise<number> {
    return await this.#ended;
  }

  /** Sends a signal to its whole process group, as a terminal does; one that has ended gets none. */
  signal(name: NodeJS.Signals): void {
    if (this.#exitCode !== undefined) return;
    try {
      process.kill(-this.#group, name);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== "ESRCH") throw error; // It is ending.
    }
  }

  /** Resolves once it has printed the text to either stream; throws when it ends without. */
  async printed(text: string): Promise<void> {
    await until(`"${text}" from \`${this.text}\``, () => {
      const ended = this.#exitCode !== undefined;
      if (this.stdout.includes(text) || this.stderr.includes(text)) return true;
      if (ended) throw new Error(`\`${this.text}\` ended without printing "${text}":\n${this.story()}`);
      return false;
    });
  }

  /** All that is known of it, for reading why a test failed. */
  story(): string {
    const how = this.#exitCode === undefined ? "still runs" : `exited with ${this.#exitCode}`;
    return `$ ${this.text}\n${shortened(this.stdout)}${shortened(this.stderr)}(${how})`;
  }
}

function shortened(output: Buffer): string {
  return output.length <= 4000 ? output.toString() : `… ${output.subarray(-4000).toString()}`;
}
