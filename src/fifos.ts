/** Makes FIFOs, which Node cannot. */
import { createInterface } from "node:readline";
import { execa, type ResultPromise } from "execa";

/** Makes a FIFO of mode 0600; rejects when it cannot, also where the path exists. */
export type MakeFifo = (path: string) => Promise<void>;

/** The daemon's environment is not passed on: it holds the credentials. */
const NO_ENVIRONMENT = { env: {}, extendEnv: false } as const;

/** By a process of its own. */
export const makeFifo: MakeFifo = async (path) => {
  await execa("mkfifo", ["-m", "0600", "--", path], NO_ENVIRONMENT);
};

/** Reads a path a line. Answers with the error message, if there is one, and a line with the exit code. */
const PROGRAM = `while IFS= read -r path; do mkfifo -m 0600 -- "$path" 2>&1; echo "$?"; done`;

const SHELL_OPTIONS = {
  ...NO_ENVIRONMENT,
  stdin: "pipe",
  stderr: "ignore",
  buffer: false,
  reject: false,
} as const;

interface Waiting {
  readonly resolve: () => void;
  readonly reject: (error: Error) => void;
}

/**
 * Makes FIFOs by one shell, which starts with the first of them and lives until this is closed. A process that Node
 * starts is a copy of all of the daemon's memory, and the event loop stands still until it has begun: 4 ms, and 20 on a
 * busy machine.
 */
export class FifoMaker {
  #shell: ResultPromise<typeof SHELL_OPTIONS> | undefined;
  /** In the order of the requests, which is that of the answers. */
  #waiting: Waiting[] = [];

  readonly make: MakeFifo = async (path) => {
    if (path.includes("\n")) {
      await makeFifo(path);
      return;
    }
    const shell = (this.#shell ??= this.#start());
    await new Promise<void>((resolve, reject) => {
      this.#waiting.push({ resolve, reject });
      shell.stdin.write(`${path}\n`);
    });
  };

  /** Ends the shell, when it has made what it was asked for. */
  async close(): Promise<void> {
    this.#shell?.stdin.end();
    await this.#shell;
  }

  #start(): ResultPromise<typeof SHELL_OPTIONS> {
    const shell = execa("sh", ["-c", PROGRAM], SHELL_OPTIONS);
    // A failed write has no answer either: the shell has ended.
    shell.stdin.on("error", () => undefined);
    let said = "";
    createInterface({ input: shell.stdout }).on("line", (line) => {
      if (!/^\d+$/.test(line)) {
        said = line;
        return;
      }
      const next = this.#waiting.shift();
      if (line === "0") next?.resolve();
      else next?.reject(new Error(said));
    });
    void shell.then(() => this.#lose(shell));
    return shell;
  }

  /** All waiting callers get an error, and the next FIFO has a new shell. */
  #lose(shell: ResultPromise<typeof SHELL_OPTIONS>): void {
    if (this.#shell === shell) this.#shell = undefined;
    for (const { reject } of this.#waiting.splice(0)) reject(new Error("the shell that creates FIFOs ended"));
  }
}
