/** The daemon of another host by the HTTP API of its `agentd web`: the same methods, one request for each. */
import { Agent, request } from "node:https";
import type { MethodName, Params, Result } from "../api/methods.ts";
import { AgentdError, sentence } from "../errors.ts";
import type { CallOptions, Connection } from "../rpc/client.ts";
import { fromWireError, PROTOCOL_VERSION } from "../rpc/protocol.ts";

/** A longer answer is a fault of the server. */
const MAX_RESPONSE_BYTES = 64 * 1024 * 1024;

/** The daemon replaces values of credentials before its answers leave the host, so readers look for none. */
const NO_FINGERPRINTS = { fingerprints: { version: 1, salt: "0".repeat(32), forms: [] } };

/** What says that the daemon, or the way to it, is gone; it may come back. */
const AWAY = ["daemon_not_running", "daemon_lost", "web_busy"];

export interface WebAddress {
  /** `https://HOST[:PORT]`. */
  readonly url: string;
  readonly token: string;
}

/** A client that the caller closes. Of a daemon that is away it throws `daemon_lost`, as one whose connection broke. */
export class WebClient implements Connection {
  readonly #address: WebAddress;
  readonly #agent = new Agent({ keepAlive: true });

  private constructor(address: WebAddress) {
    this.#address = address;
  }

  /**
   * Asks the host for its version.
   *
   * @throws AgentdError `host_unreachable`, `login_required`, `protocol_mismatch`, and what else it answers.
   */
  static async connect(
    address: WebAddress,
    { version, signal }: CallOptions & { readonly version: string },
  ): Promise<WebClient> {
    const client = new WebClient(address);
    try {
      const there = await client.call("status", {}, { signal });
      if (there.protocol === PROTOCOL_VERSION) return client;
      throw new AgentdError("protocol_mismatch", {
        tried: `talk to the daemon at ${address.url}`,
        why: `its version is ${there.version} and that of this agentd is ${version}`,
        next: "Use the same version on both hosts.",
      });
    } catch (error) {
      client.close();
      throw error;
    }
  }

  /** There is no deadline: `wait` may take days. */
  async call<M extends MethodName>(
    method: M,
    params: Params<M>,
    options: CallOptions = {},
  ): Promise<Result<M>> {
    if (method === "fingerprints") return NO_FINGERPRINTS as unknown as Result<M>;
    const { status, text } = await this.#post(method, JSON.stringify(params), options);
    const body = this.#parsed(method, text);
    if (status === 200) return body as Result<M>;
    const { error } = body as { readonly error?: { readonly message?: string } };
    const told = fromWireError(method, error?.message ?? `its answer has the status ${status}`, error);
    if (!AWAY.includes(told.code)) throw told;
    throw new AgentdError("daemon_lost", {
      tried: `call ${method} at ${this.#address.url}`,
      why: told.why,
      next: told.next,
      cause: told,
    });
  }

  close(): void {
    this.#agent.destroy();
  }

  #parsed(method: string, text: string): unknown {
    try {
      return JSON.parse(text);
    } catch (cause) {
      throw new AgentdError("protocol_error", {
        tried: `call ${method} at ${this.#address.url}`,
        why: "what answers there is not agentd web",
        next: "Check the address: it is that of `agentd web`, or of a proxy before it.",
        cause,
      });
    }
  }

  async #post(
    method: string,
    body: string,
    { signal }: CallOptions,
  ): Promise<{ readonly status: number; readonly text: string }> {
    const { url, token } = this.#address;
    signal?.throwIfAborted();
    return await new Promise((resolve, reject) => {
      const lost = (error: unknown): void => {
        if (signal?.aborted === true) reject(signal.reason as Error);
        else reject(unreachable(url, method, error));
      };
      const outgoing = request(
        `${url}/api/v1/${method}`,
        {
          ...{ method: "POST", agent: this.#agent, signal },
          headers: {
            authorization: `Bearer ${token}`,
            "content-type": "application/json",
            "content-length": Buffer.byteLength(body),
          },
        },
        (answer) => {
          const pieces: Buffer[] = [];
          let bytes = 0;
          answer.on("data", (piece: Buffer) => {
            pieces.push(piece);
            bytes += piece.length;
            if (bytes > MAX_RESPONSE_BYTES) answer.destroy(new Error("its answer is too long"));
          });
          answer.on("error", lost);
          answer.on("end", () =>
            resolve({ status: answer.statusCode ?? 0, text: Buffer.concat(pieces).toString("utf8") }),
          );
        },
      );
      outgoing.on("error", lost);
      outgoing.end(body);
    });
  }
}

/** The first request fails with this as it is; a later one is asked again, as of a daemon that was lost. */
function unreachable(url: string, method: string, cause: unknown): AgentdError {
  const isFirst = method === "status";
  return new AgentdError(isFirst ? "host_unreachable" : "daemon_lost", {
    tried: isFirst ? `reach agentd web at ${url}` : `call ${method} at ${url}`,
    why: sentence(cause),
    next: "Check the address, and that `agentd web` runs there; for a certificate of your own authority set NODE_EXTRA_CA_CERTS.",
    cause,
  });
}
