/** Signs for dead men's switches at a real server, with a clock and pauses that the tests set. */
import { pino } from "pino";
import { describe, expect, it, onTestFinished } from "vitest";
import { connections } from "../../../src/http-connections.ts";
import { Pinger } from "../../../src/notify/pinger.ts";
import { ping } from "../../../src/notify/send.ts";
import { NOTICE_KINDS, type NotifyTarget } from "../../../src/notify/target.ts";
import { startHttpReceiver } from "../../kit/http-receiver.ts";
import { eventOf, MemoryFeed, sealedEvent } from "../../kit/memory-feed.ts";

const MINUTE_MS = 60_000;
const LOG = pino({ level: "silent" });

function target(name: string, profiles?: readonly string[]): NotifyTarget {
  const via = {
    kind: "url",
    urlSource: name.toUpperCase(),
    format: "ping",
    secretSource: undefined,
  } as const;
  return { ...{ name, on: NOTICE_KINDS, profiles, after: 1, remindMs: undefined }, via };
}

async function world(targets: readonly NotifyTarget[]) {
  const receiver = await startHttpReceiver();
  onTestFinished(() => receiver.close());
  const feed = new MemoryFeed();
  await feed.append(sealedEvent("nightly", "work_failed"));
  const clock = { ms: Date.UTC(2026, 1, 3) };
  const pauses: number[] = [];
  const { open: connect, close } = connections({});
  onTestFinished(() => void close());
  const variables = Object.fromEntries(
    targets.map(({ name }) => [name.toUpperCase(), `${receiver.url}/${name}`]),
  );
  const host = {
    ...{ environment: {}, variables: () => variables, connect, now: () => clock.ms, log: LOG },
  };
  const open = () =>
    new Pinger({
      ...{ feed, sinceSeq: feed.latest, targets: () => targets, now: host.now, log: LOG },
      ping: (to, what, signal) => ping(to, what, host, signal),
      sleep: (ms) => {
        pauses.push(ms);
        return Promise.resolve();
      },
    });
  const pinger = open();
  const step = async (): Promise<void> => {
    await pinger.step();
    await pinger.settled();
  };
  const paths = (): string[] => receiver.requests.map(({ path }) => path);
  return { receiver, feed, clock, pauses, variables, pinger, open, step, paths };
}

const running = (profile: string) =>
  eventOf("session.running", {}, { profile, session_id: "0198f2a4c6e81234" });

describe("a dead man's switch", () => {
  it("of a profile hears that each session begins and how it ends, and nothing of others or of before", async () => {
    const { feed, step, paths, pinger } = await world([target("nightly", ["nightly", "site-*"])]);
    await step();
    expect(paths()).toEqual([]);
    for (const outcome of ["success", "timed_out", "cancelled", "blocked", "nothing_ready"] as const) {
      await feed.append(running("nightly"));
      await step();
      await feed.append(sealedEvent("nightly", outcome));
      await feed.append(sealedEvent("other", "work_failed"));
      await step();
    }
    await feed.append(sealedEvent("site-a", "launch_failed"));
    await step();
    expect(paths().map((path) => path.slice("/nightly".length))).toEqual([
      ...["/start", "", "/start", "/fail", "/start"],
      ...["/start", "/fail", "/start", "", "/fail"],
    ]);
    expect(pinger.stateOf("nightly")).toMatchObject({ failed: null });
  });

  it("of the daemon hears of it once a minute, also after the clock was set back", async () => {
    const { clock, step, paths } = await world([target("lives")]);
    await step();
    await step();
    expect(paths()).toEqual(["/lives"]);
    clock.ms += MINUTE_MS;
    await step();
    clock.ms -= 24 * 60 * MINUTE_MS;
    await step();
    expect(paths()).toEqual(["/lives", "/lives", "/lives"]);
  });

  it("gets a sign that did not get through a few times more, and what happens meanwhile instead", async () => {
    const { receiver, feed, step, paths, pauses, pinger } = await world([target("nightly", ["nightly"])]);
    receiver.answer = { status: 503 };
    await feed.append(running("nightly"));
    await step();
    expect(paths()).toEqual(Array.from({ length: 4 }, () => "/nightly/start"));
    expect(pauses).toEqual([5_000, 30_000, 120_000]);
    expect(pinger.stateOf("nightly").failed?.why).toBe("it answered with HTTP 503");
    receiver.answer = { status: 200 };
    await feed.append(sealedEvent("nightly", "success"));
    await step();
    expect(paths().slice(4)).toEqual(["/nightly"]);
    expect(pinger.stateOf("nightly").failed).toBeNull();
    // Both in one look: the newer one takes the place of the older one that waits.
    receiver.answer = ({ path }) => ({ status: path.endsWith("/start") ? 503 : 200 });
    await feed.append(running("nightly"));
    await feed.append(sealedEvent("nightly", "work_failed"));
    await step();
    expect(receiver.taken("/nightly/fail")).toHaveLength(1);
    expect(paths().at(-1)).toBe("/nightly/fail");
  });

  it.each([404, 410])("that answers with %i is not asked again before the next sign", async (status) => {
    const { receiver, feed, step, paths, pauses } = await world([target("nightly", ["nightly"])]);
    receiver.answer = { status };
    await feed.append(running("nightly"));
    await step();
    expect([paths(), pauses]).toEqual([["/nightly/start"], []]);
  });

  it("without an address says which variable is missing, and begins once it is set", async () => {
    const { clock, step, paths, variables, receiver, pinger } = await world([target("lives")]);
    Reflect.deleteProperty(variables, "LIVES");
    await step();
    expect(pinger.stateOf("lives").failed?.why).toBe("LIVES is not set in credentials.env");
    variables["LIVES"] = `${receiver.url}/later`;
    clock.ms += MINUTE_MS;
    await step();
    expect(paths()).toEqual(["/later"]);
  });

  it("is followed from the feed until the daemon ends", async () => {
    const { feed, open, paths } = await world([target("nightly", ["nightly"]), target("lives")]);
    const pinger = open();
    const life = pinger.run();
    await feed.append(running("nightly"));
    await expect.poll(() => [...paths()].sort()).toEqual(["/lives", "/nightly/start"]);
    await pinger.close();
    await life;
    await feed.append(sealedEvent("nightly", "success"));
    expect(paths()).toHaveLength(2);
  });
});
