/** A client that sends any bytes a test wants, and collects the lines it gets. */
import { once } from "node:events";
import { connect, type Socket } from "node:net";
import { LineSplitter } from "../../src/rpc/framing.ts";

export interface WireAnswer {
  readonly id: unknown;
  readonly result?: unknown;
  readonly error?: {
    readonly code: number;
    readonly message: string;
    readonly data: { readonly code: string };
  };
}

export class RawClient {
  readonly socket: Socket;
  readonly #answers: WireAnswer[] = [];
  readonly #waiting: (() => void)[] = [];

  private constructor(socket: Socket) {
    this.socket = socket;
    const splitter = new LineSplitter(64 * 1024 * 1024);
    socket.on("data", (chunk: Buffer) => {
      for (const frame of splitter.push(chunk)) {
        if (frame.kind === "line") this.#answers.push(JSON.parse(frame.text) as WireAnswer);
      }
      for (const wake of this.#waiting.splice(0)) wake();
    });
    socket.on("error", () => undefined); // Tests look at the server, not at this client's errors.
  }

  static async connect(path: string, options: { allowHalfOpen?: boolean } = {}): Promise<RawClient> {
    const socket = connect({ path, ...options });
    await once(socket, "connect");
    return new RawClient(socket);
  }

  send(data: string | Buffer): void {
    this.socket.write(data);
  }

  request(id: number | string, method: string, params: unknown = {}): void {
    this.send(`${JSON.stringify({ jsonrpc: "2.0", id, method, params })}\n`);
  }

  /** The next answers, in the order of their arrival. */
  async answers(count: number): Promise<WireAnswer[]> {
    while (this.#answers.length < count) await new Promise<void>((resolve) => this.#waiting.push(resolve));
    return this.#answers.splice(0, count);
  }

  async answer(): Promise<WireAnswer> {
    const [answer] = await this.answers(1);
    if (answer === undefined) throw new Error("no answer");
    return answer;
  }

  async closed(): Promise<void> {
    // Not with `once`, which rejects when the server has closed under what is being sent.
    if (!this.socket.closed) await new Promise<void>((resolve) => this.socket.once("close", () => resolve()));
  }

  close(): void {
    this.socket.destroy();
  }
}
