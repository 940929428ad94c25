import { createHash } from "node:crypto";
import { mkdir, mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pino } from "pino";
import { ChannelClient } from "../../../src/placement/channel/channel-client.ts";
import { ChannelServer } from "../../../src/placement/channel/channel-server.ts";
import { fingerprintOf, type Identity, makeIdentity } from "../../../src/placement/channel/identity.ts";
import { Orders } from "../../../src/placement/channel/orders.ts";
import type { WireClaim } from "../../../src/placement/channel/protocol.ts";
import { ClaimDesk, type Expected } from "../../../src/placement/claims/claim-desk.ts";
import { ClaimJournal } from "../../../src/placement/claims/claim-journal.ts";
import { PlacedSessions } from "../../../src/placement/claims/placed-session.ts";

export const SESSION = "0000000000000001";
export const TOKEN = "token-of-the-first-job-0123456789";
export const CREDENTIALS = "export KEY=canary-of-credentials-51c3";

export function jobOf(attempt: number, session = SESSION): string {
  return `agentd-0a1b2c3d-${session}-${attempt}`;
}

/** A head's channel in this process, on a real port. */
export class ChannelGround {
  readonly directory: string;
  readonly identity: Identity;
  #parts:
    | { desk: ClaimDesk; orders: Orders; journal: ClaimJournal; server: ChannelServer; port: number }
    | undefined;
  readonly #clients: ChannelClient[] = [];

  private constructor(directory: string, identity: Identity) {
    this.directory = directory;
    this.identity = identity;
  }

  static async make(): Promise<ChannelGround> {
    const ground = new ChannelGround(await mkdtemp(join(tmpdir(), "agentd-channel-")), await makeIdentity());
    await mkdir(join(ground.directory, "sessions"));
    await ground.start();
    return ground;
  }

  get parts() {
    if (this.#parts === undefined) throw new Error("the channel does not run");
    return this.#parts;
  }

  /** Also again, with what the one before has left on the disk. */
  async start(port = 0): Promise<void> {
    const sessions = join(this.directory, "sessions");
    const journal = new ClaimJournal(sessions, () => Date.now());
    const desk = new ClaimDesk({
      sessions: new PlacedSessions(sessions),
      journal: (event) => journal.write(event),
    });
    const orders = new Orders(() => performance.now());
    const log = pino({ level: "silent" });
    const server = new ChannelServer({ identity: this.identity, desk, orders, log });
    this.#parts = { desk, orders, journal, server, port: await server.listen("127.0.0.1", port) };
  }

  async restart(): Promise<void> {
    const { server, port } = this.parts;
    await server.close();
    await this.start(port);
  }

  expected(changes: Partial<Expected> = {}): Expected {
    return {
      ...{ session: SESSION, job: jobOf(1), tokenDigest: digest(TOKEN), isResume: false },
      console: { path: join(this.directory, "console.log"), mostBytes: 3_000_000 },
      record: { path: join(this.directory, "record.tar"), mostBytes: 3_000_000 },
      ...{ plan: '{"command":["true"]}', credentials: CREDENTIALS },
      ...changes,
    };
  }

  /** A runner of its own, with a key of its own unless one is given. */
  async runner(
    identity?: Identity,
    fingerprint = fingerprintOf(this.identity.certificate),
  ): Promise<ChannelClient> {
    const client = new ChannelClient({
      ...{ address: `127.0.0.1:${this.parts.port}`, fingerprint },
      identity: identity ?? (await makeIdentity()),
    });
    this.#clients.push(client);
    return client;
  }

  /** The lines about claims. */
  async journal(): Promise<{ event: string; why?: string; job: string; node: string; boot_id: string }[]> {
    const text = await readFile(this.parts.journal.path(SESSION), "utf8");
    return text
      .trim()
      .split("\n")
      .map((line) => JSON.parse(line) as { event: string; job: string; node: string; boot_id: string });
  }

  async close(): Promise<void> {
    for (const client of this.#clients) await client.close();
    await this.parts.server.close();
    await rm(this.directory, { recursive: true });
  }
}

export function digest(token: string): string {
  return createHash("sha256").update(token).digest("hex");
}

export function claimOf(changes: Partial<WireClaim> = {}): WireClaim {
  return {
    ...{ job: jobOf(1), token: TOKEN, node: "n1", boot_id: "0f0e0d0c-0b0a-4908-8706-050403020100" },
    ...{ seal_key: "A".repeat(60), is_resume: false },
    ...changes,
  };
}
