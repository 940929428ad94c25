import { randomBytes } from "node:crypto";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { setDoorBefore } from "../kit/door.mjs";
import { containersOf } from "../kit/podman.mjs";
import { allProcesses, makeSecret, writings } from "../kit/secrets.mjs";
import { until } from "../kit/until.mjs";
import type { World } from "../features/world.ts";
import { inAWorld } from "./in-a-world.ts";
import { everywhere, PLACES, Search } from "./places-of-secrets.ts";

/** More than the door lets through, and nothing that could be compressed. */
const NOISE = { noise: { content: randomBytes(2_000_000) } };
const DOOR = { passBytes: 500_000 };

/** Writes down what it sees of its container, but for the variable that it was given. */
const AGENT = `
env | grep -v '^CREDENTIAL=' > .runa/environment
cat /proc/1/environ /proc/[0-9]*/cmdline > .runa/processes
cp -R .git .runa/git
echo "got \${#CREDENTIAL}"
until [ -e .runa/go ]; do sleep 0.1; done
`;

/** Resolves when the session's container waits at its gate and its clone at the door. */
async function halfCloned(world: World, door: { waiting: () => Promise<void> }): Promise<void> {
  await door.waiting();
  const { sandbox, instance } = await world.daemon();
  await until("a container that waits", async () => {
    const [container] = await containersOf(sandbox.containers, instance);
    return container?.State === "running";
  });
  const programs = (await allProcesses()).map(({ commandLine }) => commandLine.split("\0").join(" "));
  expect(programs).toContainEqual(expect.stringMatching(/remote-https? .*site\.git/));
}

describe("a credential", () => {
  it(
    "is nowhere but in the environments of the daemon and of the session",
    inAWorld(async (world) => {
      const sinceMs = Date.now() - 1000;
      const secret = makeSecret();
      const planted = makeSecret();
      world.variables["SITE_CREDENTIAL"] = secret;
      world.profileKeys["credentials"] = [{ name: "CREDENTIAL", source: "SITE_CREDENTIAL" }];
      const forms = Object.entries(writings(planted));
      world.profileKeys["env"] = Object.fromEntries(forms.map(([form, text]) => [`PLANTED_${form}`, text]));
      const door = await setDoorBefore(world.house.urlOf("site.git"), DOOR);
      try {
        world.profileKeys["repo"] = door.url;
        await world.commit(NOISE);
        await world.commitAgent(AGENT);
        const run = await world.start("agentd run site-builder");
        const search = new Search(world, sinceMs);

        await halfCloned(world, door);
        const removePlanted = await search.plant(planted);
        expect(await search.find(planted)).toEqual(everywhere(PLACES));
        expect(await search.find((await world.record()).id)).toContain("the log: plain");
        await removePlanted();
        expect(await search.find(secret)).toEqual([]);
        expect(await search.holders(secret)).toBe(0);

        door.open();
        await run.printed(`got ${secret.length}`);
        expect(await search.find(secret)).toEqual([]);
        expect(await search.holders(secret)).toBeGreaterThan(0);

        await writeFile(join((await world.record()).path, "runa/go"), "");
        expect(await run.end()).toBe(0);
        expect(await search.find(secret)).toEqual([]);
      } finally {
        await door.close();
      }
    }),
  );
});
