import { expect, onTestFinished } from "vitest";
import type { RecordDirectory } from "../../kit/house/records.ts";
import { publishing } from "../../kit/publishing-world.ts";
import { readJournal } from "../../kit/records.mjs";
import { until } from "../../kit/until.mjs";
import type { World } from "../../kit/world.ts";
import type { Topic } from "./topic.ts";

/** A schedule of every minute fires within one; the rest is for slow machines. */
const FIRE_TIMEOUT_MS = 100_000;

const SERVERS = new WeakMap<World, Awaited<ReturnType<typeof publishing>>>();

/** A server and a forge of the operator's, and what gets there. */
export const PUBLISHING: Topic = [
  {
    pattern: "its repository is on a server that takes pushes, beside a forge",
    run: async (world) => {
      const server = await publishing(world);
      onTestFinished(() => server.close());
      SERVERS.set(world, server);
    },
  },
  {
    pattern: "the server has the branch of the session, and the forge one open request for it",
    run: async (world) => {
      const { published, warnings } = await (await first(world)).document();
      expect(warnings).toEqual([]);
      expect(await serverOf(world).branches()).toEqual([`${published?.branch} ${published?.commit}`]);
      expect(serverOf(world).forge.requests).toMatchObject([{ branch: published?.branch, open: true }]);
      expect(published?.request_url).toBe("https://forge.example/pulls/1");
    },
  },
  {
    pattern: "the operator merges the branch of the session",
    run: async (world) => {
      const { published } = await (await first(world)).document();
      await serverOf(world).merge(published?.branch ?? "", "main");
    },
  },
  {
    pattern: "the schedule has fired again",
    run: (world) =>
      until("a second scheduled session", async () => (await world.records()).length > 1, {
        timeoutMs: FIRE_TIMEOUT_MS,
      }),
  },
  {
    pattern: "the second session is sealed",
    run: async (world) => world.reaches(await second(world), "sealed"),
  },
  {
    pattern: "the second session has published nothing, and the forge still has one request",
    run: async (world) => {
      const record = await second(world);
      const { outcome, published, warnings } = await record.document();
      expect({ outcome, published, warnings }).toEqual({ outcome: "success", published: null, warnings: [] });
      const events = (await readJournal(record.path)).map(({ event }) => event);
      expect(events).toContain("nothing_published");
      expect(await serverOf(world).branches()).toHaveLength(1);
      expect(serverOf(world).forge.requests).toHaveLength(1);
      expect(serverOf(world).pushes()).toBe(1);
    },
  },
];

async function inOrder(world: World): Promise<RecordDirectory[]> {
  return (await world.records()).sort((one, other) => (one.id < other.id ? -1 : 1));
}

async function first(world: World): Promise<RecordDirectory> {
  return (await inOrder(world))[0] ?? expect.unreachable("there is no session");
}

async function second(world: World): Promise<RecordDirectory> {
  return (await inOrder(world))[1] ?? expect.unreachable("there is no second session");
}

function serverOf(world: World): Awaited<ReturnType<typeof publishing>> {
  return SERVERS.get(world) ?? expect.unreachable("the scenario has no server");
}
