/** A runner's end of the channel. */
import { connect as connectTls } from "node:tls";
import { errors, Pool } from "undici";
import type * as z from "zod";
import { AgentdError, sentence } from "../../errors.ts";
import { fingerprintOf, type Identity } from "./identity.ts";
import type { collectRequest } from "./protocol.ts";
import {
  CHANNEL_PROTOCOL,
  claimAnswer,
  filled,
  MAX_PIECE_BYTES,
  type Order,
  orders,
  ORDERS_WAIT_MS,
  refusal,
  type WireClaim,
  type WireTold,
} from "./protocol.ts";

export interface ChannelClientOptions {
  /** Host and port of the head: `head.example.org:7799`, `[2001:db8::1]:7799`. */
  readonly address: string;
  /** SHA-256 of its certificate: nothing is sent to a head with another. */
  readonly fingerprint: string;
  readonly identity: Identity;
}

export type ClaimAnswer = z.infer<typeof claimAnswer>;

/** Which file of the head a piece is for. */
export type Piece = "log" | "record";

const ANSWER_MS = 30_000;
/** One of them waits for orders. */
const CONNECTIONS = 3;

/** The head has answered that it will not. */
export class HeadRefusal extends Error {
  readonly status: number;
  readonly code: string;

  constructor(status: number, code: string, why: string) {
    super(why);
    this.status = status;
    this.code = code;
  }

  /** Whether the same request may do later. */
  get isForNow(): boolean {
    return this.status >= 500;
  }
}

/** One runner's connections to its head. Whoever makes it closes it. */
export class ChannelClient {
  readonly #client: Pool;
  readonly #address: string;

  constructor({ address, fingerprint, identity }: ChannelClientOptions) {
    this.#address = address;
    const { hostname, port } = new URL(`https://${address}`);
    const host = hostname.replace(/^\[|\]$/g, "");
    this.#client = new Pool(`https://${address}`, {
      connections: CONNECTIONS,
      ...{ headersTimeout: ANSWER_MS + ORDERS_WAIT_MS, bodyTimeout: ANSWER_MS },
      connect: (_options, done) => {
        const socket = connectTls({
          ...{ host, port: Number(port || 443), minVersion: "TLSv1.3" as const },
          ...{ key: identity.key, cert: identity.certificate },
          // Nobody has signed the head's certificate: it is known beforehand.
          ...{ rejectUnauthorized: false, servername: "" },
        });
        const limit = setTimeout(() => socket.destroy(new Error("no TLS connection in time")), ANSWER_MS);
        const failed = (error: Error): void => {
          clearTimeout(limit);
          done(error, null);
        };
        socket.once("error", failed);
        socket.once("secureConnect", () => {
          clearTimeout(limit);
          const certificate = socket.getPeerX509Certificate();
          if (certificate === undefined || fingerprintOf(certificate.raw) !== fingerprint) {
            socket.destroy();
            failed(new Error("it has another certificate than the job was told"));
            return;
          }
          socket.off("error", failed);
          done(null, socket);
        });
      },
    });
  }

  /** @throws HeadRefusal; AgentdError `placement_unreachable`. */
  async claim(claim: WireClaim): Promise<ClaimAnswer> {
    return await this.#call("POST", "claim", claimAnswer, { body: JSON.stringify(claim) });
  }

  /** Tells that the command has its credentials. @throws as `claim`. */
  async handedOver(session: string): Promise<void> {
    await this.#call("POST", `sessions/${session}/handed-over`, undefined, {});
  }

  /** Tells that the engine wants the runner to end; an order comes where it has to. @throws as `claim`. */
  async told(session: string, told: WireTold): Promise<void> {
    await this.#call("POST", `sessions/${session}/told`, undefined, { body: JSON.stringify(told) });
  }

  /**
   * Waits for an order, for a while.
   *
   * @param isHeard whether the order that there is was heard: then only another is waited for.
   * @returns null when there is none.
   * @throws as `claim`.
   */
  async orders(session: string, isHeard: boolean, signal: AbortSignal): Promise<Order | null> {
    const path = `sessions/${session}/orders${isHeard ? "/heard" : ""}`;
    return (await this.#call("GET", path, orders, { signal })).stop;
  }

  /**
   * Sends bytes to their place in a file of the head, a piece at a time.
   *
   * @returns how many bytes the head has: where to go on.
   * @throws as `claim`, also when the head has fewer bytes than come before.
   */
  async send(session: string, what: Piece, offset: number, bytes: Buffer): Promise<number> {
    let at = offset;
    for (let sent = 0; sent < bytes.length; sent = at - offset) {
      const piece = bytes.subarray(sent, sent + MAX_PIECE_BYTES);
      const answer = await this.#call("PUT", `sessions/${session}/${what}/${at}`, filled, { body: piece });
      at = answer.bytes;
    }
    return at;
  }

  /** Tells that the record was sent whole. @throws as `claim`, also when the head has other bytes. */
  async collected(session: string, record: z.infer<typeof collectRequest>): Promise<void> {
    await this.#call("POST", `sessions/${session}/collected`, undefined, { body: JSON.stringify(record) });
  }

  async close(): Promise<void> {
    await this.#client.destroy();
  }

  async #call<T>(
    method: "GET" | "POST" | "PUT",
    path: string,
    schema: z.ZodType<T> | undefined,
    { body, signal }: { readonly body?: string | Buffer; readonly signal?: AbortSignal },
  ): Promise<T> {
    const answer = await this.#send(method, path, body, signal);
    let value: unknown;
    try {
      value = JSON.parse(answer.text);
    } catch {
      throw this.#unreachable("it answers with something else than agentd does");
    }
    if (answer.status === 200) return schema === undefined ? (undefined as T) : schema.parse(value);
    const refused = refusal.safeParse(value);
    if (!refused.success) throw this.#unreachable(`it answers with status ${answer.status}`);
    throw new HeadRefusal(answer.status, refused.data.code, refused.data.why);
  }

  async #send(
    method: "GET" | "POST" | "PUT",
    path: string,
    body: string | Buffer | undefined,
    signal: AbortSignal | undefined,
  ): Promise<{ status: number; text: string }> {
    try {
      const { statusCode, body: answer } = await this.#client.request({
        ...{ method, path: `/${CHANNEL_PROTOCOL}/${path}` },
        ...(body === undefined ? {} : { body }),
        ...(signal === undefined ? {} : { signal }),
      });
      return { status: statusCode, text: await answer.text() };
    } catch (error) {
      if (signal?.aborted === true) throw error;
      throw this.#unreachable(error instanceof errors.UndiciError ? error.message : sentence(error), error);
    }
  }

  #unreachable(why: string, cause?: unknown): AgentdError {
    return new AgentdError("placement_unreachable", {
      ...{ tried: `reach the head at ${this.#address}`, why, cause },
      next: "Check on the head that its channel runs, and on the node that it gets there. The runner tries again.",
    });
  }
}
