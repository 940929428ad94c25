/** The head's end of the channel: gives sessions to runners, and takes what comes out of them. */
import { createHash } from "node:crypto";
import { once } from "node:events";
import type { IncomingMessage, ServerResponse } from "node:http";
import { createServer, type Server } from "node:https";
import type { AddressInfo } from "node:net";
import type { Logger } from "../../log.ts";
import { TurnsByName } from "../../one-at-a-time.ts";
import type { ClaimDesk } from "../claims/claim-desk.ts";
import type { Refusal } from "../claims/claim-rules.ts";
import type { PlacedSession } from "../claims/placed-session.ts";
import { filledBytes, fillFile, flushedDigest } from "./filled-file.ts";
import { answer, ChannelRefusal, keyOfPeer, readBody, readJson } from "./http-exchange.ts";
import type { Identity } from "./identity.ts";
import type { Orders } from "./orders.ts";
import {
  CHANNEL_PROTOCOL,
  claimRequest,
  collectRequest,
  MAX_PIECE_BYTES,
  MAX_REQUEST_BYTES,
  ORDERS_WAIT_MS,
  sessionOfJob,
  toldRequest,
} from "./protocol.ts";

export interface ChannelServerOptions {
  readonly identity: Identity;
  readonly desk: ClaimDesk;
  readonly orders: Orders;
  readonly log: Logger;
  /** Connections at once; the next ones are closed at once. Default 20,000: some for each of 10,000 sessions. */
  readonly mostConnections?: number | undefined;
}

const MOST_CONNECTIONS = 20_000;
const SLOW_MS = 60_000;
const HANDSHAKE_MS = 10_000;

/** What a refused runner is told. */
const REFUSALS: Record<Refusal, string> = {
  token: "no job of that name may claim the session, or not with this token",
  claimed: "another runner has the session",
  unclaimed: "no runner has begun the session, so none can go on with it",
  handed_over: "the session's command has its credentials already",
  other_boot: "the node was started anew since the session was claimed",
};

export class ChannelServer {
  readonly #options: ChannelServerOptions;
  readonly #server: Server;
  /** By path: pieces of one file are written one after the other. */
  readonly #files = new TurnsByName();

  constructor(options: ChannelServerOptions) {
    this.#options = options;
    const { identity, mostConnections = MOST_CONNECTIONS } = options;
    this.#server = createServer(
      {
        ...{ key: identity.key, cert: identity.certificate, minVersion: "TLSv1.3" },
        // Nobody has signed a runner's certificate: what counts is that it has the key, which the handshake proves.
        ...{ requestCert: true, rejectUnauthorized: false },
        ...{ handshakeTimeout: HANDSHAKE_MS, headersTimeout: SLOW_MS, requestTimeout: SLOW_MS },
        keepAliveTimeout: SLOW_MS,
      },
      (request, response) => void this.#serve(request, response),
    );
    this.#server.maxConnections = mostConnections;
    this.#server.on("tlsClientError", () => undefined);
  }

  /** Starts listening. @returns the port. */
  async listen(host: string, port: number): Promise<number> {
    this.#server.listen(port, host);
    await once(this.#server, "listening");
    return (this.#server.address() as AddressInfo).port;
  }

  /** Ends every connection. */
  async close(): Promise<void> {
    this.#server.close();
    this.#server.closeAllConnections();
    if (this.#server.listening) await once(this.#server, "close");
  }

  async #serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    try {
      const key = keyOfPeer(request);
      if (key === undefined) throw new ChannelRefusal(401, "no_key", "the connection has no certificate");
      answer(request, response, 200, await this.#answer(request, response, key));
    } catch (error) {
      if (error instanceof ChannelRefusal) {
        answer(request, response, error.status, { code: error.code, why: error.message });
        return;
      }
      // The runner has gone in the middle of its request, which is nothing to tell.
      if (!request.destroyed || request.complete) this.#options.log.error({ error }, "a request failed");
      answer(request, response, 500, { code: "internal", why: "the head cannot do it; see its log" });
    }
  }

  async #answer(request: IncomingMessage, response: ServerResponse, key: string): Promise<object> {
    const words = (request.url ?? "").split("/").slice(1);
    const [version, what, session = "", doing, place] = words;
    const call = `${request.method} ${what}${doing === undefined ? "" : `/${doing}`}`;
    if (version !== String(CHANNEL_PROTOCOL))
      throw new ChannelRefusal(
        404,
        "protocol",
        `this head speaks version ${CHANNEL_PROTOCOL} of the channel`,
      );
    if (call === "POST claim") return await this.#claim(request, key);
    const state = /^[0-9a-f]{16}$/.test(session) ? await this.#options.desk.claimed(session, key) : undefined;
    if (state === undefined)
      throw new ChannelRefusal(403, "not_yours", "this runner has not claimed the session");
    switch (call) {
      case "POST sessions/handed-over":
        await this.#options.desk.handedOver(session);
        return {};
      case "POST sessions/told": {
        const { job, ran_ms: ranMs } = await readJson(request, toldRequest, MAX_REQUEST_BYTES);
        await this.#options.desk.told(session, { job, ranMs });
        return {};
      }
      case "GET sessions/orders":
        return await this.#orders(session, place === "heard", response);
      case "PUT sessions/log":
        return await this.#fill(request, state.console, place);
      case "PUT sessions/record":
        if (state.collected !== null)
          throw new ChannelRefusal(409, "collected", "the record is here already");
        return await this.#fill(request, state.record, place);
      case "POST sessions/collected":
        return await this.#collect(request, session, state);
      default:
        throw new ChannelRefusal(404, "unknown", "the channel has nothing there");
    }
  }

  async #claim(request: IncomingMessage, key: string): Promise<object> {
    const { desk } = this.#options;
    const asked = await readJson(request, claimRequest, MAX_REQUEST_BYTES);
    const session = sessionOfJob(asked.job) ?? "";
    const answered = await desk.claim(session, {
      ...{ job: asked.job, node: asked.node, bootId: asked.boot_id, key },
      ...{ sealKey: asked.seal_key, isResume: asked.is_resume },
      tokenDigest: createHash("sha256").update(asked.token).digest("hex"),
    });
    if (answered.kind === "refused") throw new ChannelRefusal(403, answered.why, REFUSALS[answered.why]);
    if (answered.kind === "later")
      throw new ChannelRefusal(503, "later", "the daemon has not told yet what to give; ask again");
    const state = await desk.state(session);
    const { plan, credentials } = answered;
    const logBytes = state === undefined ? 0 : await filledBytes(state.console);
    return { plan, log_bytes: logBytes, ...(credentials === undefined ? {} : { credentials }) };
  }

  async #orders(session: string, isHeard: boolean, response: ServerResponse): Promise<object> {
    const gone = new AbortController();
    response.once("close", () => gone.abort());
    return {
      stop: await this.#options.orders.next(session, {
        isHeard,
        signal: gone.signal,
        waitMs: ORDERS_WAIT_MS,
      }),
    };
  }

  async #fill(
    request: IncomingMessage,
    file: PlacedSession["console"],
    place: string | undefined,
  ): Promise<object> {
    if (place === undefined || !/^\d{1,15}$/.test(place))
      throw new ChannelRefusal(400, "invalid", "a piece needs its place in the file");
    const piece = await readBody(request, MAX_PIECE_BYTES);
    const filling = await this.#files.run(file.path, () => fillFile(file, Number(place), piece));
    if (filling.kind === "too_long")
      throw new ChannelRefusal(413, "full", `the head takes ${file.mostBytes} bytes at most`);
    if (filling.kind === "gap")
      throw new ChannelRefusal(
        409,
        "gap",
        `the head has ${filling.bytes} bytes, and the next one comes first`,
      );
    return { bytes: filling.bytes };
  }

  async #collect(request: IncomingMessage, session: string, state: PlacedSession): Promise<object> {
    const said = await readJson(request, collectRequest, MAX_REQUEST_BYTES);
    return await this.#files.run(state.record.path, async () => {
      const { bytes, sha256 } = await flushedDigest(state.record);
      if (bytes !== said.bytes || sha256 !== said.sha256)
        throw new ChannelRefusal(
          409,
          "other_bytes",
          `the head has other bytes: ${bytes}, with SHA-256 ${sha256}`,
        );
      await this.#options.desk.collected(session, { bytes, sha256 });
      return {};
    });
  }
}
