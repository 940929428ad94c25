/** Notifications with a real server and a real outbox, and a clock that the tests set. */
import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { pino } from "pino";
import { onTestFinished } from "vitest";
import type { Failpoints } from "../../../src/failpoints.ts";
import { connections } from "../../../src/http-connections.ts";
import { Notifier } from "../../../src/notify/notifier.ts";
import { Outbox } from "../../../src/notify/outbox.ts";
import { send } from "../../../src/notify/send.ts";
import { NOTICE_KINDS, type NotifyTarget } from "../../../src/notify/target.ts";
import { type Answer, startHttpReceiver } from "../../kit/http-receiver.ts";
import { MemoryFeed } from "../../kit/memory-feed.ts";
import { temporaryDirectory } from "../../kit/record-fixture.ts";

export const MINUTE_MS = 60_000;
export const HOUR_MS = 60 * MINUTE_MS;
export const DAY_MS = 24 * HOUR_MS;
export const SENDER = { instance: "0a1b2c3d", host: "build-1" };
const LOG = pino({ level: "silent" });

export const TARGET: NotifyTarget = {
  ...{ name: "team", on: NOTICE_KINDS, profiles: undefined, after: 1, remindMs: 12 * HOUR_MS },
  via: { kind: "url", urlSource: "TEAM_URL", format: "standard", secretSource: undefined },
};

export interface Message {
  readonly id: string;
  readonly title: string;
}

/** A server with what it has accepted and what was tried, which answers as it is told. */
export async function receiver() {
  const got: Message[] = [];
  const tries: string[] = [];
  const state: { answer: Answer } = { answer: { status: 200 } };
  const server = await startHttpReceiver();
  onTestFinished(() => server.close());
  server.answer = ({ headers, body }) => {
    const { data } = JSON.parse(body) as { data: { title: string } };
    const id = String(headers["webhook-id"]);
    tries.push(id);
    if (state.answer.status < 300) got.push({ id, title: data.title });
    return state.answer;
  };
  return { got, tries, state, url: `${server.url}/hook` };
}

/** One target, and daemons one after the other. */
export async function world() {
  const directory = join(await temporaryDirectory(), "notify");
  const feed = new MemoryFeed();
  const server = await receiver();
  const clock = { ms: Date.UTC(2026, 1, 3) };
  const { open: connect, close } = connections({});
  onTestFinished(() => void close());
  const variables = () => ({ TEAM_URL: server.url });
  const host = { ...{ environment: {}, variables, connect, log: LOG }, now: () => clock.ms };
  /** A daemon's, over what earlier ones have left. */
  const open = (failpoints: Failpoints = { reach: () => Promise.resolve() }): Promise<Notifier> =>
    Notifier.open({
      ...{ feed, sender: SENDER, failpoints, log: LOG, now: host.now },
      ...{ targets: () => [TARGET], random: () => 0.5 },
      outbox: new Outbox(directory),
      send: (target, notice, signal) => send(target, notice, host, signal),
    });
  const live = async (notifier: Notifier, ms: number): Promise<void> => {
    for (const end = clock.ms + ms; clock.ms < end;) {
      const dueMs = await notifier.step();
      await notifier.settled();
      clock.ms = Math.min(end, Math.max(clock.ms + 1000, Math.min(dueMs, clock.ms + HOUR_MS)));
    }
    await notifier.step();
    await notifier.settled();
  };
  const left = async (): Promise<string[]> => await readdir(join(directory, "outbox")).catch(() => []);
  return { feed, clock, open, live, left, ...server };
}
