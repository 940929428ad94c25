import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, it } from "vitest";
import type { Result } from "../../src/api/methods.ts";
import { PROTOCOL_VERSION } from "../../src/rpc/protocol.ts";
import { SHOWN_STATES } from "../../src/session-document.ts";
import { connectWire } from "../kit/wire.mjs";
import type { World } from "../kit/world.ts";
import { COUNTING_AGENT, letGo, reaches } from "./at-a-failpoint.ts";
import { inAWorld } from "./in-a-world.ts";

type Look = Result<"watch">;

async function accept(world: World): Promise<string> {
  const run = await world.start("agentd run site-builder --detach");
  expect(await run.end()).toBe(0);
  return run.stdout.toString().trim();
}

it(
  "a session is watched from the queue to its seal, and an answer comes only when it looks otherwise",
  inAWorld(async (world) => {
    world.daemonKeys["max_sessions"] = 1;
    await world.commitAgent(COUNTING_AGENT);
    await accept(world);
    await reaches(world, "running");
    const { path: first } = await world.record();
    const session = await accept(world);
    const { sandbox } = await world.daemon();
    const wire = await connectWire(sandbox.socketPath);
    await wire.call("hello", { protocol: PROTOCOL_VERSION, version: "test" });
    const watch = async (look?: string): Promise<Look> =>
      (await wire.call("watch", { session, ...(look === undefined ? {} : { look }) })) as Look;

    let seen = await watch();
    expect(seen.session).toMatchObject({ state: "queued", position: 1 });
    const states = [seen.session.state];
    let isAnswered = false;
    const next = watch(seen.look).finally(() => (isAnswered = true));
    // Another request of the same connection is answered meanwhile.
    await wire.call("status");
    expect(isAnswered).toBe(false);
    await writeFile(join(first, "runa/go"), "");
    seen = await next;
    while (seen.session.state !== "running") {
      states.push(seen.session.state);
      seen = await watch(seen.look);
    }
    await letGo(world);
    while (seen.session.state !== "sealed") {
      states.push(seen.session.state);
      seen = await watch(seen.look);
    }
    // What lasts for a moment may be over before the next question.
    const order = states.map((state) => SHOWN_STATES.indexOf(state));
    expect(order).toEqual([...order].sort((one, other) => one - other));
    expect(states[0]).toBe("queued");
    expect(await watch(seen.look)).toMatchObject({
      look: seen.look,
      session: { state: "sealed", reason: null },
    });
    wire.close();
  }),
);
