import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, it } from "vitest";
import { expectNothingLeft } from "../kit/house/nothing-left.ts";
import { waitingLeft } from "../kit/leftovers.mjs";
import { containersOf, inspectContainer, isWaiting, sessionContainersOf } from "../kit/podman.mjs";
import { readJournal } from "../kit/records.mjs";
import { until } from "../kit/until.mjs";
import type { World } from "../kit/world.ts";
import { letGo, reaches } from "./at-a-failpoint.ts";
import { inAWorld } from "./in-a-world.ts";

/** Prints what a session is given. */
const AGENT = `
echo "$AGENTD_SESSION_ID $AGENTD_WORK_UNIT $OF_RUN $TOKEN"
ls -A /agentd
cat "$AGENTD_REQUEST_FILE" 2>/dev/null
git --version >/dev/null 2>&1
echo made > .runa/made
`;

interface Found {
  readonly Config: { readonly Env: readonly string[]; readonly Cmd: readonly string[] };
}

/** The id of the one container that waits. */
async function waitingContainer(world: World): Promise<string> {
  const { sandbox, instance } = await world.daemon();
  return await until("a container that waits", async () => {
    const status = await sandbox.run(["status", "--json"]);
    const { warm } = JSON.parse(String(status.stdout)) as { warm: { waiting: number } };
    if (warm.waiting === 0) return undefined;
    return (await containersOf(sandbox.containers, instance)).find(isWaiting)?.Id;
  });
}

/** Of the session that was accepted last: the container that it took, and whether that had waited. */
async function containerOf(world: World): Promise<{ id: unknown; waited: boolean }> {
  const journal = await readJournal((await world.record()).path);
  const line = journal.findLast((each) =>
    ["warm_taken", "container_created"].includes(String(each["event"])),
  );
  return { id: line?.["container"], waited: line?.["event"] === "warm_taken" };
}

async function run(world: World, words = ""): Promise<string> {
  const command = await world.start(`agentd run site-builder ${words}`.trim());
  expect(await command.end(), command.stderr.toString()).toBe(0);
  return command.stdout.toString();
}

it(
  "takes a container that waits, and gives it everything that is its own",
  inAWorld(async (world) => {
    world.variables["SITE_TOKEN"] = "the-token";
    world.profileKeys["credentials"] = [{ name: "TOKEN", source: "SITE_TOKEN" }];
    await world.commitAgent(AGENT);
    await run(world, "--work-unit first");
    expect(await containerOf(world)).toMatchObject({ waited: false });

    const waiting = await waitingContainer(world);
    const { sandbox, instance } = await world.daemon();
    const { Config } = (await inspectContainer(sandbox.containers, waiting)) as Found;
    expect(JSON.stringify(Config)).not.toMatch(/the-token|first|agent\.sh/);
    await expectNothingLeft(world);

    const printed = await run(world, "--work-unit second --env OF_RUN=x");
    const { id, path } = await world.record();
    expect(printed).toBe(`${id} second x [TOKEN]\ngate\n`);
    expect(await containerOf(world)).toEqual({ id: waiting, waited: true });
    expect(await readFile(join(path, "runa/made"), "utf8")).toBe("made\n");
    expect(await readFile(join(path, "agentd/console.log"), "utf8")).toContain(" second x ");
    await expectNothingLeft(world);

    world.spoilt = true;
    await waitingContainer(world);
    await (await world.daemon()).daemon.stop();
    expect(await waitingLeft(sandbox, instance)).toEqual([]);
  }),
);

it(
  "is recovered by its journal, and has the session's name",
  inAWorld(async (world) => {
    await world.commitAgent("echo begun; until [ -e .runa/go ]; do sleep 0.1; done");
    await (await world.start("agentd run site-builder --detach")).end();
    const waiting = await waitingContainer(world);
    await (await world.start("agentd run site-builder --detach")).end();
    await reaches(world, "running");
    expect(await containerOf(world)).toEqual({ id: waiting, waited: true });
    const { id, path } = await world.record();
    const { sandbox, instance } = await world.daemon();
    const names = (await sessionContainersOf(sandbox.containers, instance)).map(({ Names }) => Names[0]);
    expect(names).toContain(`agentd-${instance}-${id}`);
    const next = await waitingContainer(world);

    await (await world.daemon()).daemon.kill();
    await world.startDaemonAgain();
    expect((await containersOf(sandbox.containers, instance)).map(({ Id }) => Id)).not.toContain(next);
    expect((await sessionContainersOf(sandbox.containers, instance)).map(({ Id }) => Id)).toContain(waiting);
    expect(await waitingLeft(sandbox, instance)).toEqual([]);
    const exec = await world.start("agentd exec SESSION -- sh -c 'env | grep ^AGENTD_S'");
    expect(await exec.end(), exec.stderr.toString()).toBe(0);
    expect(exec.stdout.toString()).toBe(`AGENTD_SESSION_ID=${id}\n`);
    await letGo(world);
    await reaches(world, "sealed");
    expect((await readJournal(path)).map(({ event }) => event)).toContain("adopted");
    expect(await (await world.record()).document()).toMatchObject({ outcome: "success" });
  }),
);
