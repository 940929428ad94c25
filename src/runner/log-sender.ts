/** Sends what a session prints to its head while it prints. */
import { type FileHandle, open } from "node:fs/promises";
import { setTimeout as delay } from "node:timers/promises";
import { ifThere } from "../if-there.ts";
import { type ChannelClient, HeadRefusal } from "../placement/channel/channel-client.ts";
import { MAX_PIECE_BYTES } from "../placement/channel/protocol.ts";

const LOOK_MS = 250;

export interface LogSenderOptions {
  readonly client: ChannelClient;
  readonly sessionId: string;
  /** File with what it prints; it may not exist yet. */
  readonly path: string;
  /** How much of it the head has. */
  readonly sentBytes: number;
  /** Asks until there is an answer. */
  readonly patiently: <T>(ask: () => Promise<T>) => Promise<T>;
}

export class LogSender {
  readonly #options: LogSenderOptions;
  readonly #over = new AbortController();
  readonly #sending: Promise<void>;
  /** Open from its beginning on: at its end, values of credentials are replaced in a new file of the same name. */
  #file: FileHandle | undefined;
  #sent: number;

  /** Starts sending. */
  constructor(options: LogSenderOptions) {
    this.#options = options;
    this.#sent = options.sentBytes;
    this.#sending = this.#send();
    this.#sending.catch(() => undefined); // `finish` tells it.
  }

  /**
   * Resolves when all is sent that there is. Nobody prints any more.
   *
   * @throws what sending throws.
   */
  async finish(): Promise<void> {
    this.#over.abort();
    await this.#sending;
  }

  async #send(): Promise<void> {
    const { signal } = this.#over;
    const isOver = (): boolean => signal.aborted;
    try {
      for (;;) {
        const wasOver = isOver();
        await this.#sendMore();
        if (wasOver) return;
        await delay(LOOK_MS, undefined, { signal }).catch(() => undefined);
      }
    } finally {
      await this.#file?.close();
    }
  }

  async #sendMore(): Promise<void> {
    const { client, sessionId, path, patiently } = this.#options;
    this.#file ??= await ifThere(open(path, "r"));
    const piece = Buffer.allocUnsafe(MAX_PIECE_BYTES);
    for (;;) {
      const { bytesRead = 0 } = (await this.#file?.read(piece, 0, piece.length, this.#sent)) ?? {};
      if (bytesRead === 0) return;
      const bytes = piece.subarray(0, bytesRead);
      try {
        this.#sent = await patiently(() => client.send(sessionId, "log", this.#sent, bytes));
      } catch (error) {
        if (!(error instanceof HeadRefusal) || error.code !== "gap" || this.#sent === 0) throw error;
        // The head has lost some of it. From the beginning: it says how much it has, and takes what it lacks.
        this.#sent = 0;
      }
    }
  }
}
