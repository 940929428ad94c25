/**
 * The channel: `node placement.cjs SOCKET DIRECTORY HOST:PORT`. Serves runners on other machines until it is told to end. It
 * outlives its daemon; the next one finds it by its socket. The daemon itself listens on no network.
 */
import { join } from "node:path";
import { ensureDirectory } from "../durable-files.ts";
import { sentence } from "../errors.ts";
import { createLogger } from "../log.ts";
import { identifyProcess } from "../process-identity.ts";
import { ControlServer } from "../rpc/control-server.ts";
import { ChannelServer } from "./channel/channel-server.ts";
import { CHANNEL_CONTROL, type ChannelHandlers, type ChannelStatus } from "./channel/control.ts";
import { fingerprintOf, keepIdentity } from "./channel/identity.ts";
import { Orders } from "./channel/orders.ts";
import { ClaimDesk } from "./claims/claim-desk.ts";
import { ClaimJournal } from "./claims/claim-journal.ts";
import { PlacedSessions } from "./claims/placed-session.ts";

declare const AGENTD_VERSION: string;

async function main(): Promise<void> {
  const [socketPath = "", directory = "", listen = ""] = process.argv.slice(2);
  process.umask(0o077);
  // Its file may be on a disk that is full.
  process.stderr.on("error", () => undefined);
  const log = createLogger({ write: (line) => void process.stderr.write(line) }, "info");
  const self = await identifyProcess(process.pid);
  if (self === undefined) throw new Error("/proc does not show this process");
  const sessions = join(directory, "sessions");
  await ensureDirectory(sessions, 0o700);
  const identity = await keepIdentity(join(directory, "channel.pem"));
  const fingerprint = fingerprintOf(identity.certificate);
  const journal = new ClaimJournal(sessions, Date.now);
  const desk = new ClaimDesk({
    sessions: new PlacedSessions(sessions),
    journal: (event) => journal.write(event),
  });
  const orders = new Orders(() => performance.now());
  const channel = new ChannelServer({ identity, desk, orders, log });

  const end = async (): Promise<void> => {
    server.close();
    await channel.close();
  };
  const statusOf = async (session: string): Promise<ChannelStatus[]> => {
    const state = await desk.state(session);
    if (state === undefined) return [];
    const { tickets, claim, isHandedOver, laterBootId, told, collected } = state;
    return [
      {
        session,
        jobs: Object.entries(tickets).map(([name, { isResume }]) => ({ name, is_resume: isResume })),
        claim: claim && {
          ...{ job: claim.job, node: claim.node, boot_id: claim.bootId },
          ...{ key: claim.key, seal_key: claim.sealKey },
        },
        ...{ is_handed_over: isHandedOver, later_boot_id: laterBootId, collected },
        told: told && { job: told.job, ran_ms: told.ranMs },
        is_supplied: desk.isSupplied(session),
        is_connected: orders.isConnected(session),
        refusals: journal.refusals(session),
      },
    ];
  };
  let port = 0;
  const handlers: ChannelHandlers = {
    hello: async () => Promise.resolve({ version: AGENTD_VERSION, process: self, fingerprint, port }),
    expect: async ({ session, job, token_sha256, is_resume, console, record, plan, credentials }) => {
      await desk.expect({
        ...{ session, job, tokenDigest: token_sha256, isResume: is_resume, plan, credentials },
        console: { path: console.path, mostBytes: console.most_bytes },
        record: { path: record.path, mostBytes: record.most_bytes },
      });
      return {};
    },
    supply: async ({ session, ...given }) => {
      await desk.supply(session, given);
      return {};
    },
    stop: async ({ session, ...order }) => {
      orders.stop(session, order);
      return Promise.resolve({});
    },
    status: async ({ sessions: asked }) => ({ sessions: (await Promise.all(asked.map(statusOf))).flat() }),
    close: async ({ session, only_unclaimed }) => {
      const closed = await desk.close(session, { onlyUnclaimed: only_unclaimed });
      if (closed) {
        orders.forget(session);
        journal.forget(session);
      }
      return { closed };
    },
    end: async () => {
      setImmediate(() => void end());
      return Promise.resolve({});
    },
  };
  const server = new ControlServer({
    ...{ protocol: CHANNEL_CONTROL, handlers, log, uid: process.getuid?.() ?? 0 },
  });
  // A hangup of the terminal on which the daemon ran is nothing to it.
  process.on("SIGHUP", () => undefined);
  for (const signal of ["SIGTERM", "SIGINT"] as const) process.once(signal, () => void end());
  try {
    const { hostname, port: wanted } = new URL(`tcp://${listen}`);
    port = await channel.listen(hostname.replace(/^\[|\]$/g, ""), Number(wanted));
    await server.listen(socketPath);
    log.info({ pid: process.pid, version: AGENTD_VERSION, port, fingerprint }, "the channel is ready");
  } catch (error) {
    log.error({ error: sentence(error) }, "the channel cannot start");
    process.exitCode = 1;
    await end();
  }
}

void main();
