import { appendFile, readdir, readFile, rename } from "node:fs/promises";
import { join } from "node:path";
import { expect, it } from "vitest";
import { containersEnvironment } from "../kit/containers-environment.mjs";
import { writeFiles } from "../kit/files.mjs";
import { expectNothingLeft } from "../kit/house/nothing-left.ts";
import { waitingLeft } from "../kit/leftovers.mjs";
import { containersOf, inspectContainer, podman, sessionContainersOf } from "../kit/podman.mjs";
import { readJournal } from "../kit/records.mjs";
import { until } from "../kit/until.mjs";
import { containerOf, waitingContainer } from "../kit/waiting.ts";
import type { World } from "../kit/world.ts";
import { letGo, reaches } from "./at-a-failpoint.ts";
import { inAWarmWorld } from "./in-a-world.ts";

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

async function run(world: World, words = ""): Promise<string> {
  const command = await world.start(`agentd run site-builder ${words}`.trim());
  expect(await command.end(), command.stderr.toString()).toBe(0);
  return command.stdout.toString();
}

it(
  "takes a container that waits, and gives it everything that is its own",
  inAWarmWorld(async (world) => {
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
  inAWarmWorld(async (world) => {
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

it(
  "leaves one alone that is not what its session would have made, and removes it",
  inAWarmWorld(async (world) => {
    const { sandbox, instance } = await prepared(world);
    const expectCold = async (words: string, printed: string): Promise<void> => {
      const waiting = await waitingContainer(world);
      expect(await run(world, words)).toBe(printed);
      expect(await containerOf(world)).toMatchObject({ waited: false });
      await until("its removal", async () =>
        (await containersOf(sandbox.containers, instance)).every(({ Id }) => Id !== waiting),
      );
      await expectNothingLeft(world);
    };
    const source = join(world.house.hostFiles, "source");

    expect(await run(world)).toBe("first\n");
    await waitingContainer(world);
    await rename(source, `${source}.old`);
    await writeFiles(source, { file: "second\n" });
    await expectCold("", "second\n");

    await waitingContainer(world);
    await podman(sandbox.containers, ["tag", await world.house.image("stale-work-unit"), IMAGE]);
    await expectCold("", "second\n");

    await waitingContainer(world);
    const [skeleton = ""] = (await readdir(sandbox.auditRoot)).filter((name) => name.startsWith("."));
    await appendFile(join(sandbox.auditRoot, skeleton, "console.log"), "something\n");
    await expectCold("", "second\n");

    // Nothing would end it while no daemon lives.
    await expectCold("--timeout 1h", "second\n");
    const hour = await waitingContainer(world);
    await run(world, "--timeout 30m");
    expect(await containerOf(world)).toEqual({ id: hour, waited: true });
  }),
);

it(
  "removes one whose profile has changed, when the configuration is read again",
  inAWarmWorld(async (world) => {
    const { sandbox, instance } = await prepared(world);
    await run(world);
    const waiting = await waitingContainer(world);
    world.profileKeys["pids"] = 100;
    await world.saveConfiguration();
    expect(await (await world.start("agentd reload")).end()).toBe(0);
    expect((await containersOf(sandbox.containers, instance)).map(({ Id }) => Id)).not.toContain(waiting);
    expect(await waitingLeft(sandbox, instance)).toEqual([]);
    await run(world);
    expect(await containerOf(world)).toMatchObject({ waited: false });
    await waitingContainer(world);
    world.daemonKeys["warm"] = "off";
    await world.saveConfiguration();
    expect(await (await world.start("agentd reload")).end()).toBe(0);
    expect(await waitingLeft(sandbox, instance)).toEqual([]);
  }),
);

/** A name of these tests' own. */
const IMAGE = "localhost/agentd-test/of-those-that-wait:latest";

/** An agent that prints a file of a mount, in an image that another one can take the name of. */
async function prepared(world: World) {
  await podman(containersEnvironment(), ["tag", await world.house.image("busybox"), IMAGE]);
  world.profileKeys["base_image"] = IMAGE;
  const source = join(world.house.hostFiles, "source");
  await writeFiles(source, { file: "first\n" });
  world.profileKeys["mounts"] = [{ source, target: "/source" }];
  await world.commitAgent("cat /source/file");
  return await world.daemon();
}
