import { randomBytes } from "node:crypto";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { makeCertificate } from "../kit/certificates.mjs";
import { setDoorBefore } from "../kit/door.mjs";
import { startGitServer } from "../kit/git-server.mjs";
import { sessionContainersOf } from "../kit/podman.mjs";
import { allProcesses, makeSecret, writings } from "../kit/secrets.mjs";
import { until } from "../kit/until.mjs";
import type { World } from "../kit/world.ts";
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
    const [container] = await sessionContainersOf(sandbox.containers, instance);
    return container?.State === "running";
  });
  const programs = (await allProcesses()).map(({ commandLine }) => commandLine.split("\0").join(" "));
  expect(programs).toContainEqual(expect.stringMatching(/remote-https? .*site\.git/));
}

/** The repository of the world behind a door, served over https to whoever has the token. */
async function serveBehindDoor(world: World, token: string) {
  const { certificate, authorityFile } = await makeCertificate(world.house.hostFiles);
  const server = await startGitServer(world.house.repositories, { certificate, token });
  const door = await setDoorBefore(`${server.url}/site.git`, DOOR);
  world.variables["GIT_SSL_CAINFO"] = authorityFile;
  world.profileKeys["repo"] = door.url;
  return {
    door,
    close: async () => {
      await door.close();
      await server.close();
    },
  };
}

describe("a credential and the token for the repository", () => {
  it(
    "are nowhere but in the environment of the daemon, and the credential in that of the session",
    inAWorld(async (world) => {
      const sinceMs = Date.now() - 1000;
      const [credential, token, planted] = [makeSecret(), makeSecret(), makeSecret()];
      const forms = Object.entries(writings(planted));
      Object.assign(world.variables, { SITE_CREDENTIAL: credential, SITE_TOKEN: token });
      Object.assign(world.profileKeys, {
        credentials: [{ name: "CREDENTIAL", source: "SITE_CREDENTIAL" }],
        repo_token_source: "SITE_TOKEN",
        env: Object.fromEntries(forms.map(([form, text]) => [`PLANTED_${form}`, text])),
      });
      await world.commit(NOISE);
      await world.commitAgent(AGENT);
      const { door, close } = await serveBehindDoor(world, token);
      try {
        const run = await world.start("agentd run site-builder");
        const search = new Search(world, sinceMs);
        const expectNowhere = async () => {
          expect(await search.find(credential)).toEqual([]);
          expect(await search.find(token)).toEqual([]);
          expect(await search.holders(token)).toBe(0);
        };

        await halfCloned(world, door);
        const removePlanted = await search.plant(planted);
        expect(await search.find(planted)).toEqual(everywhere(PLACES));
        expect(await search.find((await world.record()).id)).toContain("the log: plain");
        await removePlanted();
        await expectNowhere();
        expect(await search.holders(credential)).toBe(0);

        door.open();
        await run.printed(`got ${credential.length}`);
        await expectNowhere();
        expect(await search.holders(credential)).toBeGreaterThan(0);

        await writeFile(join((await world.record()).path, "runa/go"), "");
        expect(await run.end()).toBe(0);
        await expectNowhere();
      } finally {
        await close();
      }
    }),
  );
});
