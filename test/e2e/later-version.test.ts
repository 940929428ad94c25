import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, it } from "vitest";
import { COUNTING_AGENT, killDaemon, letGo, reaches, startsOf } from "./at-a-failpoint.ts";
import { inAWorld } from "./in-a-world.ts";

interface Entry {
  readonly plan: { readonly profile: Record<string, unknown> };
}

it(
  "a session that a later version has accepted with a rule of its own is left as it is, until that version is back",
  inAWorld(async (world) => {
    await world.commitAgent(COUNTING_AGENT);
    await (await world.start("agentd run site-builder --detach")).end();
    await reaches(world, "running");
    const { id } = await world.record();
    const { sandbox } = await world.daemon();
    await killDaemon(world);
    const file = join(sandbox.stateDirectory, "open", id);
    const accepted = await readFile(file, "utf8");
    const entry = JSON.parse(accepted) as Entry;
    entry.plan.profile["egress"] = ["only.example"];
    await writeFile(file, JSON.stringify(entry));

    await world.startDaemonAgain();
    const status = await world.start("agentd status --json");
    expect(await status.end()).toBe(0);
    const { incomplete } = JSON.parse(status.stdout.toString()) as { readonly incomplete: unknown };
    expect(incomplete).toEqual([{ session_id: id, reason: expect.stringContaining('"egress"') as string }]);
    expect(JSON.parse(await readFile(file, "utf8"))).toEqual(entry);

    await killDaemon(world);
    await writeFile(file, accepted);
    await world.startDaemonAgain();
    await letGo(world);
    await reaches(world, "sealed");
    expect(await startsOf(world)).toBe(1);
    expect(await (await world.record()).document()).toMatchObject({ outcome: "work_failed", exit_code: 5 });
  }),
);
