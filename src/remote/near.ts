/**
 * The operator's side of a command that runs on another host: prints what it prints, passes on Ctrl-C, input and files,
 * and takes it up again where its connection was cut.
 */
import { execa } from "execa";
import { Backoff } from "../backoff.ts";
import { AgentdError } from "../errors.ts";
import {
  BEGINNING,
  type Frame,
  frameOf,
  FrameReader,
  type Head,
  type Hello,
  type NearKind,
  readPrinted,
} from "./frames.ts";
import { NearFiles } from "./near-files.ts";
import { otherVersion, type Ssh, unsuitable } from "./ssh.ts";

/** What the operator's side has. */
export interface NearPorts {
  /** Resolves to false once nobody reads that output any more. */
  readonly write: (output: "stdout" | "stderr", text: Buffer) => Promise<boolean>;
  readonly columns: Head["columns"];
  readonly stdin: () => AsyncIterable<Buffer | string>;
  readonly readFile: (path: string) => AsyncIterable<Buffer | string>;
  /** Calls the listener at every Ctrl-C; returns how to end that. */
  readonly onInterrupt: (listener: () => void) => () => void;
  readonly clock: {
    readonly monotonic: () => number;
    readonly sleep: (ms: number, signal: AbortSignal) => Promise<void>;
  };
  /** Tells the operator what becomes of the connection. */
  readonly tell: (text: string) => Promise<void>;
}

export interface FollowedCommand {
  /** What follows the program's name. */
  readonly words: readonly string[];
  /** As a phrase after "cannot". */
  readonly tried: string;
  /** Of this agentd. */
  readonly version: string;
  readonly requestId: string;
}

/** How long a host may be away, each time. */
const AWAY_LIMIT_MS = 60_000;
const TRIES = { firstMs: 100, longestMs: 2_000 };

/** What a shell reports for a process that an interrupt ended. */
const INTERRUPTED = 130;
/** Ctrl-C so often ends the command here, whatever becomes of it there. */
const ENOUGH_INTERRUPTS = 3;
/** What may come before the first frame, in bytes. */
const MOST_GREETING = 64 * 1024;
const PASSED_VARIABLES = ["TERM", "COLORTERM", "NO_COLOR"];

/** How one connection ended. */
type Try =
  | { readonly kind: "ended"; readonly exitCode: number }
  /** @param hasBegun whether the command said anything. */
  | { readonly kind: "cut"; readonly hasBegun: boolean; readonly said: string };

/**
 * Runs a command of agentd on another host to its end; resolves to its exit code.
 *
 * @throws AgentdError `host_unreachable`, `host_unsuitable`; `host_lost` when it was away for too long.
 */
export async function followThere(command: FollowedCommand, ssh: Ssh, near: NearPorts): Promise<number> {
  const following = new Following(command, ssh, near);
  const release = near.onInterrupt(() => following.interrupt());
  try {
    return await following.run();
  } finally {
    release();
  }
}

class Following {
  readonly #command: FollowedCommand;
  readonly #ssh: Ssh;
  readonly #near: NearPorts;
  readonly #files: NearFiles;
  readonly #printed = { stdout: 0, stderr: 0 };
  readonly #found: string[] = [];
  readonly #left = new AbortController();
  #interrupts = 0;
  #isAway = false;
  /** Sends a frame; undefined while there is no connection. */
  #send: ((kind: NearKind, content?: Buffer | string) => void) | undefined;

  constructor(command: FollowedCommand, ssh: Ssh, near: NearPorts) {
    this.#command = command;
    this.#ssh = ssh;
    this.#near = near;
    this.#files = new NearFiles(command.words, near);
  }

  interrupt(): void {
    this.#interrupts += 1;
    const isFirst = this.#interrupts === 1;
    if (this.#isAway) {
      if (!isFirst) this.#left.abort();
      else void this.#near.tell("Ctrl-C is passed on when the host is back; press it again to leave");
    } else if (this.#interrupts >= ENOUGH_INTERRUPTS) this.#left.abort();
    else this.#send?.("interrupt");
  }

  async run(): Promise<number> {
    const { tried, version } = this.#command;
    await this.#ssh.connect(tried);
    let last = await this.#try(false);
    if (last.kind === "cut" && !last.hasBegun && !this.#left.signal.aborted) {
      const why = last.said === "" ? "agentd ended there at once" : last.said;
      throw (await this.#ssh.fault(tried, version)) ?? unsuitable(this.#ssh.remote, tried, why);
    }
    while (last.kind === "cut") {
      if (this.#left.signal.aborted) return INTERRUPTED;
      last = await this.#takeUpAgain();
    }
    return last.exitCode;
  }

  async #takeUpAgain(): Promise<Try> {
    const { clock, tell } = this.#near;
    const { name } = this.#ssh.remote;
    const { signal } = this.#left;
    this.#isAway = true;
    await tell(`lost the connection to ${name}; trying again for ${AWAY_LIMIT_MS / 1000} s`);
    const deadlineMs = clock.monotonic() + AWAY_LIMIT_MS;
    const backoff = new Backoff(TRIES);
    let why = "";
    do {
      // Rejects when the operator leaves.
      await clock.sleep(backoff.next(), signal).catch(() => undefined);
      if (signal.aborted) return { kind: "cut", hasBegun: false, said: "" };
      try {
        await this.#ssh.connect(this.#command.tried);
        const again = await this.#try(true);
        if (again.kind === "ended" || again.hasBegun) return again;
        why = again.said;
      } catch (error) {
        if (!(error instanceof AgentdError) || error.code !== "host_unreachable") throw error;
        why = error.why;
      }
    } while (clock.monotonic() < deadlineMs);
    throw new AgentdError("host_lost", {
      tried: this.#command.tried,
      why: `${name} did not come back within ${AWAY_LIMIT_MS / 1000} s; at the last try: ${why || "no answer"}`,
      next: "What was started there goes on: `agentd ps` shows it once the host answers.",
    });
  }

  /** One connection, to its end. */
  async #try(isAgain: boolean): Promise<Try> {
    const { version } = this.#command;
    const child = execa("ssh", await this.#ssh.args(["__remote", "--frames", version]), {
      env: this.#ssh.env,
      extendEnv: false,
      // A process group of its own: Ctrl-C at the terminal is this program's to pass on.
      detached: true,
      stdin: "pipe",
      stdout: "pipe",
      stderr: "pipe",
      buffer: { stdout: false },
      reject: false,
    });
    child.stdin.on("error", () => undefined); // The end of its output says that it is gone.
    this.#send = (kind, content) => void child.stdin.write(frameOf(kind, content));
    const leave = (): boolean => child.kill();
    this.#left.signal.addEventListener("abort", leave);
    try {
      this.#send("head", JSON.stringify(this.#head(isAgain)));
      const { exitCode, hasBegun } = await this.#read(child.stdout);
      if (exitCode !== undefined) return { kind: "ended", exitCode };
      child.kill();
      const { stderr } = await child;
      return { kind: "cut", hasBegun, said: stderr.trim().split("\n").at(-1) ?? "" };
    } finally {
      this.#left.signal.removeEventListener("abort", leave);
      this.#send = undefined;
      child.stdin.destroy();
      child.kill();
    }
  }

  #head(isAgain: boolean): Head {
    const { version, words, requestId: request_id } = this.#command;
    const env = Object.fromEntries(
      PASSED_VARIABLES.flatMap((name) => {
        const value = this.#ssh.env[name];
        return value === undefined ? [] : [[name, value]];
      }),
    );
    const { columns } = this.#near;
    const [printed, found, interrupts] = [this.#printed, this.#found, this.#interrupts];
    return {
      version,
      words,
      request_id,
      env,
      columns,
      resumed: isAgain ? { printed, found, interrupts } : null,
    };
  }

  /** Does what the other side says, to the end of the connection. */
  async #read(
    output: AsyncIterable<Buffer>,
  ): Promise<{ readonly exitCode: number | undefined; readonly hasBegun: boolean }> {
    const reader = new FrameReader();
    let greeting: Buffer | undefined = Buffer.alloc(0);
    let hasBegun = false;
    for await (const chunk of output) {
      let data: Buffer = chunk;
      if (greeting !== undefined) {
        greeting = Buffer.concat([greeting, chunk]);
        const at = greeting.indexOf(BEGINNING);
        if (at === -1 && greeting.length < MOST_GREETING) continue;
        if (at === -1) break;
        data = greeting.subarray(at + BEGINNING.length);
        greeting = undefined;
      }
      for (const frame of reader.push(data)) {
        if (frame.kind === "exit") return { exitCode: Number(frame.content.toString()), hasBegun: true };
        await this.#take(frame);
        hasBegun ||= frame.kind !== "hello";
      }
    }
    return { exitCode: undefined, hasBegun };
  }

  async #take({ kind, content }: Frame): Promise<void> {
    switch (kind) {
      case "hello":
        await this.#welcome(JSON.parse(content.toString()) as Hello);
        return;
      case "stdout":
      case "stderr": {
        const { stream, bytes, text } = readPrinted(content);
        const isRead = await this.#near.write(kind, text);
        this.#printed[stream] += bytes;
        if (!isRead && kind === "stdout") this.#send?.("closed");
        return;
      }
      case "found":
        this.#found.push(content.toString());
        return;
      case "read":
        void this.#files.sendStdin(this.#sender());
        return;
      case "open":
        void this.#files.sendFile(content.toString(), this.#sender());
        return;
      default:
        throw new AgentdError("protocol_error", { tried: "understand the host", why: `it sent ${kind}` });
    }
  }

  /** To this connection, even when a file was read only after it was cut. */
  #sender(): (kind: NearKind, content?: Buffer | string) => void {
    return this.#send ?? (() => undefined);
  }

  async #welcome({ version: there }: Hello): Promise<void> {
    const { tried, version: here } = this.#command;
    if (there !== here) throw otherVersion(this.#ssh.remote, tried, { here, there });
    if (!this.#isAway) return;
    this.#isAway = false;
    await this.#near.tell(`connected to ${this.#ssh.remote.name} again`);
  }
}
