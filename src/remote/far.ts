/** The host's side of a command that an operator runs from another machine: standard streams in frames. */
import {
  BEGINNING,
  type FarKind,
  type FileFault,
  type Frame,
  frameOf,
  FrameReader,
  type Head,
  printedContent,
} from "./frames.ts";

/** What this process has. */
export interface FarPorts {
  readonly input: AsyncIterable<Buffer | string>;
  readonly output: { write(chunk: Buffer | string, done: (error?: Error | null) => void): boolean };
  /** Ends this process at once, and with it what it does for the operator. */
  readonly die: () => void;
}

type Stream = "stdout" | "stderr";

/** Bytes of a stream of the session, of those that are printed next. */
interface Counted {
  readonly stream: Stream;
  readonly bytes: number;
}

/** What a shell reports for a process that an interrupt ended. */
const INTERRUPTED = "130";

/** An output of the command, as the operator has it. */
export class FarStream {
  readonly isTTY: boolean;
  readonly columns: number | undefined;
  readonly #output: Stream;
  readonly #far: FarSide;
  #counted: Counted | undefined;

  constructor(output: Stream, columns: number | null, far: FarSide) {
    this.#output = output;
    this.#far = far;
    this.isTTY = columns !== null;
    this.columns = columns ?? undefined;
  }

  /** Says of what is written next how much of a session's stream it has. */
  counts(counted: Counted): void {
    this.#counted = counted;
  }

  write(chunk: Buffer | string, done: (error?: Error | null) => void): boolean {
    const text = Buffer.from(chunk as Buffer);
    const { stream, bytes } = this.#counted ?? { stream: this.#output, bytes: 0 };
    this.#counted = undefined;
    if (this.#far.isClosed && this.#output === "stdout") {
      done(Object.assign(new Error("nobody reads it"), { code: "EPIPE" }));
      return true;
    }
    // In one piece: what was printed and what was counted is cut off together.
    this.#far.send(this.#output, printedContent({ stream, bytes, text }), done);
    return true;
  }

  /** Each write hears of its own error. */
  on(): this {
    return this;
  }
}

/** The connection to the operator's side. */
export class FarSide {
  readonly #ports: FarPorts;
  readonly #listeners = new Set<() => void>();
  readonly #stdin = new Pipe();
  #file = new Pipe();
  #found: string[] = [];
  #pastInterrupts = 0;
  #isClosed = false;
  #isOver = false;

  constructor(ports: FarPorts) {
    this.#ports = ports;
  }

  /** Whether nobody reads standard output. */
  get isClosed(): boolean {
    return this.#isClosed;
  }

  /** Says what this is and waits to be told what to do; from then on listens. Undefined when nothing came. */
  async begin(version: string): Promise<Head | undefined> {
    this.#ports.output.write(BEGINNING, () => undefined);
    this.send("hello", JSON.stringify({ version }));
    return await new Promise((resolve) => {
      void this.#listen((head) => {
        const { found = [], interrupts = 0 } = head?.resumed ?? {};
        this.#found = [...found];
        this.#pastInterrupts = interrupts;
        resolve(head);
      });
    });
  }

  send(
    kind: FarKind,
    content?: Buffer | string,
    done: (error?: Error | null) => void = () => undefined,
  ): void {
    this.#ports.output.write(frameOf(kind, content), done);
  }

  /** The last thing to say. */
  async exit(code: number): Promise<void> {
    this.#isOver = true;
    await new Promise<void>((resolve) => this.send("exit", String(code), () => resolve()));
  }

  /** What was found when the command ran first; found now, and kept by the operator's side, if this is the first time. */
  async once(find: () => Promise<string>): Promise<string> {
    const known = this.#found.shift();
    if (known !== undefined) return known;
    const found = await find();
    this.send("found", found);
    return found;
  }

  onInterrupt(listener: () => void): () => void {
    this.#listeners.add(listener);
    for (; this.#pastInterrupts > 0; this.#pastInterrupts -= 1) queueMicrotask(listener);
    return () => void this.#listeners.delete(listener);
  }

  stdin(): AsyncIterable<Buffer> {
    this.send("read");
    return this.#stdin;
  }

  /** The content of a file of the operator's machine; one at a time. */
  readFile(path: string): AsyncIterable<Buffer> {
    this.#file = new Pipe();
    this.send("open", path);
    return this.#file;
  }

  async #listen(begin: (head: Head | undefined) => void): Promise<void> {
    const reader = new FrameReader();
    for await (const chunk of this.#ports.input) {
      for (const frame of reader.push(Buffer.from(chunk as Buffer))) {
        if (frame.kind === "head") begin(JSON.parse(frame.content.toString()) as Head);
        else await this.#take(frame);
      }
    }
    begin(undefined);
    // The operator's side is gone; it takes the command up again where it can.
    if (!this.#isOver) this.#ports.die();
  }

  async #take({ kind, content }: Frame): Promise<void> {
    if (kind === "interrupt") await this.#interrupt();
    else if (kind === "closed") this.#isClosed = true;
    else if (kind === "stdin") this.#stdin.take(content);
    else if (kind === "file") this.#file.take(content);
    else if (kind === "fault") {
      const { code, message } = JSON.parse(content.toString()) as FileFault;
      this.#file.fail(Object.assign(new Error(message), code === null ? {} : { code }));
    }
  }

  async #interrupt(): Promise<void> {
    if (this.#listeners.size > 0) {
      for (const listener of this.#listeners) listener();
      return;
    }
    // As a process that an interrupt ends.
    await new Promise<void>((resolve) => this.send("exit", INTERRUPTED, () => resolve()));
    this.#ports.die();
  }
}

/** Bytes that come when they come. */
class Pipe implements AsyncIterable<Buffer> {
  readonly #chunks: Buffer[] = [];
  #end: { readonly error?: Error } | undefined;
  #wake: () => void = () => undefined;

  /** The next bytes; none are the end. */
  take(chunk: Buffer): void {
    if (chunk.length > 0) this.#chunks.push(chunk);
    else this.#end ??= {};
    this.#wake();
  }

  fail(error: Error): void {
    this.#end = { error };
    this.#wake();
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<Buffer> {
    for (;;) {
      const chunk = this.#chunks.shift();
      if (chunk !== undefined) yield chunk;
      else if (this.#end?.error !== undefined) throw this.#end.error;
      else if (this.#end !== undefined) return;
      else await new Promise<void>((resolve) => (this.#wake = resolve));
    }
  }
}
