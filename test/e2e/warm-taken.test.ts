import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, it } from "vitest";
import { expectNothingLeft } from "../kit/house/nothing-left.ts";
import { waitingLeft } from "../kit/leftovers.mjs";
import { containersOf, inspectContainer, podman, sessionContainersOf } from "../kit/podman.mjs";
import { until } from "../kit/until.mjs";
import { containerOf, waitingContainer } from "../kit/waiting.ts";
import type { World } from "../kit/world.ts";
import { letGo, reaches } from "./at-a-failpoint.ts";
import { inAWarmWorld } from "./in-a-world.ts";
import { Search } from "./places-of-secrets.ts";

const SECRET = "s3cret-of-a-waiting-container-4711";

/** The first session ends at once, and all others once they are let go. */
const AGENT = '[ "$AGENTD_WORK_UNIT" = first ] || until [ -e .runa/go ]; do sleep 0.1; done';

async function typed(world: World, text: string): Promise<string> {
  const command = await world.start(`agentd ${text}`);
  expect([text, await command.end(), command.stderr.toString()]).toEqual([text, 0, expect.anything()]);
  return command.stdout.toString();
}

it(
  "has nothing of its session's credentials before one takes it",
  inAWarmWorld(async (world) => {
    const sinceMs = Date.now();
    world.variables["SITE_TOKEN"] = SECRET;
    world.profileKeys["credentials"] = [{ name: "TOKEN", source: "SITE_TOKEN" }];
    await world.commitAgent("true");
    await typed(world, "run site-builder");
    await waitingContainer(world);
    const search = new Search(world, sinceMs);
    expect(await search.find(SECRET)).toEqual([]);
    expect(await search.holders(SECRET)).toBe(0);
    expect(await search.find((await world.record()).id)).toContain("the log: plain");
    await typed(world, "run site-builder");
    expect(await containerOf(world)).toMatchObject({ waited: true });
    await waitingContainer(world);
    expect(await search.find(SECRET)).toEqual([]);
  }),
);

it(
  "keeps its label when a session has it, which confuses nothing",
  inAWarmWorld(async (world) => {
    world.profileKeys["keep"] = "always";
    await world.commitAgent(AGENT);
    const { sandbox, instance } = await world.daemon();
    await typed(world, "run site-builder --work-unit first");
    await typed(world, "rm site-builder --force");
    const container = await waitingContainer(world);
    await typed(world, "run site-builder --detach");
    await reaches(world, "running");
    expect(await containerOf(world)).toEqual({ id: container, waited: true });
    const { id } = await world.record();
    const next = await waitingContainer(world);
    const { Name, Config } = (await inspectContainer(sandbox.containers, container)) as {
      Name: string;
      Config: { Labels: Record<string, string> };
    };
    expect([Name, Object.keys(Config.Labels)]).toEqual([
      `agentd-${instance}-${id}`,
      expect.arrayContaining(["io.agentd.warm"]),
    ]);

    expect(JSON.parse(await typed(world, "status --json"))).toMatchObject({
      sessions: { running: 1 },
      warm: { waiting: 1 },
    });
    expect(await typed(world, "ps -q")).toBe(`${id}\n`);
    expect(JSON.parse(await typed(world, "stats --once --json"))).toMatchObject([{ session_id: id }]);
    await typed(world, "image prune");
    await typed(world, "volume prune --yes");
    await typed(world, "audit prune --older-than 1d --yes");
    const verify = await world.start("agentd audit verify --all");
    await verify.end();
    expect(verify.stdout.toString()).toContain("incomplete: 1 verified, 1 incomplete\n");
    await typed(world, `pause ${id}`);
    await typed(world, `resume ${id}`);
    expect(await typed(world, `exec ${id} -- sh -c 'env | grep ^AGENTD_S'`)).toBe(
      `AGENTD_SESSION_ID=${id}\n`,
    );
    const doctor = await world.start("agentd doctor site-builder");
    await doctor.end();
    expect(doctor.stdout.toString()).not.toMatch(/warm|left/);
    expect(await waitingLeft(sandbox, instance)).toHaveLength(5);

    await (await world.daemon()).daemon.kill();
    await world.startDaemonAgain();
    expect((await containersOf(sandbox.containers, instance)).map(({ Id }) => Id)).not.toContain(next);
    expect(await typed(world, "ps -q")).toBe(`${id}\n`);
    await letGo(world);
    await reaches(world, "sealed");

    // It is kept: the next daemon leaves it, too.
    await (await world.daemon()).daemon.stop();
    await world.startDaemonAgain();
    const kept = await sessionContainersOf(sandbox.containers, instance);
    expect(kept.map(({ Id, State }) => [Id, State])).toEqual([[container, "exited"]]);
    await typed(world, `rm ${id} --force`);
    await until(
      "its removal",
      async () => (await sessionContainersOf(sandbox.containers, instance)).length === 0,
    );
    await expectNothingLeft(world);
  }),
);

it(
  "is taken by a session whose request goes into its workspace, and stays where one has an artifact there",
  inAWarmWorld(async (world) => {
    const methodology = join(world.house.hostFiles, "methodology");
    await mkdir(join(methodology, "schemas"), { recursive: true });
    const types = ["request", "claim"].map((name) => `[[artifact_types]]\nname = "${name}"\n`);
    await writeFile(join(methodology, "manifest.toml"), types.join(""));
    await writeFile(join(methodology, "schemas/claim.schema.json"), "{}");
    await writeFile(join(world.house.hostFiles, "it.json"), '{"claim":1}');
    world.profileKeys["methodology_dir"] = methodology;
    await world.commitAgent("cat .runa/workspace/*/* || true");
    await typed(world, "run site-builder --request one");
    await waitingContainer(world);
    const two = '{"description":"two","source":"operator"}\n';
    expect(await typed(world, "run site-builder --request two")).toBe(two);
    expect(await containerOf(world)).toMatchObject({ waited: true });

    const artifact = "--artifact-type claim --artifact-file HERE/it.json";
    const claim = '{"claim":1}';
    expect(await typed(world, `run site-builder ${artifact}`)).toBe(claim);
    expect(await containerOf(world)).toMatchObject({ waited: false });
    const waiting = await waitingContainer(world);
    expect(await typed(world, `run site-builder ${artifact}`)).toBe(claim);
    expect(await containerOf(world)).toMatchObject({ waited: false });
    const { daemon } = await world.daemon();
    expect(daemon.log).not.toContain("cannot take a container that waits");
    expect(await typed(world, "run site-builder")).toBe("");
    expect(await containerOf(world)).toEqual({ id: waiting, waited: true });
    await expectNothingLeft(world);
  }),
);

it(
  "is given up by a session for which somebody has removed or ended it, and none stays in the way",
  inAWarmWorld(async (world) => {
    await world.commitAgent("echo run");
    const { sandbox, instance } = await world.daemon();
    expect(await typed(world, "run site-builder")).toBe("run\n");
    for (const meddling of [["rm", "--force", "--time=0"], ["kill"], ["stop", "--time=0"]]) {
      const waiting = await waitingContainer(world);
      await podman(sandbox.containers, [...meddling, waiting]);
      expect(await typed(world, "run site-builder")).toBe("run\n");
      expect(await containerOf(world)).toMatchObject({ waited: false });
      await until("its end", async () =>
        (await containersOf(sandbox.containers, instance)).every(({ Id }) => Id !== waiting),
      );
    }
    await waitingContainer(world);
    await (await world.daemon()).daemon.stop();
    expect(await waitingLeft(sandbox, instance)).toEqual([]);
    await expectNothingLeft(world);
  }),
);
