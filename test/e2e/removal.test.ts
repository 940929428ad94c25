import { expect, it } from "vitest";
import { expectNothingLeft } from "../kit/house/nothing-left.ts";
import { readJournal } from "../kit/records.mjs";
import { inAWorld } from "./in-a-world.ts";

it(
  "a session that leaves thousands of files has them removed by a worker, and its journal shows it",
  inAWorld(async (world) => {
    await world.commitAgent("mkdir many && cd many && seq 5000 | xargs touch");
    expect(await (await world.start("agentd run site-builder")).end()).toBe(0);
    const lines = await readJournal((await world.record()).path);
    const removing = lines.filter(({ event }) => event === "removing");
    expect(removing.length).toBeGreaterThan(0);
    expect(removing[0]).toMatchObject({ state: "finishing", entries: expect.any(Number) });
    await expectNothingLeft(world);
  }),
);
