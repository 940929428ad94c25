import { randomBytes } from "node:crypto";
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { makeCertificate } from "../kit/certificates.mjs";
import { setDoorBefore } from "../kit/door.mjs";
import { startGitServer } from "../kit/git-server.mjs";
import { provideModels } from "../kit/house/provider.ts";
import { MODEL } from "../kit/model-server.ts";
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
echo "now $CREDENTIAL"
printf 'x%s' "$CREDENTIAL" | base64 >&2
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
        expect(run.stdout.toString()).toContain("now [CREDENTIAL]\n");
        await expectNowhere();
      } finally {
        await close();
      }
    }),
  );
});

describe("the key of a provider and the token of a session", () => {
  it(
    "are nowhere but in the environment of the daemon, and the token in that of the session",
    inAWorld(async (world) => {
      const sinceMs = Date.now() - 1000;
      const { key, server } = await provideModels(world, { prices: [] });
      world.profileKeys["llm"] = { providers: ["test"] };
      await world.commitAgent(`
        env | grep -v API_KEY > .runa/environment
        ask() {
          wget -Y off -q -O $1 --header "x-api-key: $ANTHROPIC_API_KEY" --header "content-type: application/json" \\
            --header 'Content-Type: application/json' --post-data '{"model":"${MODEL}","max_tokens":100,"messages":[{"role":"user","content":"hello"}]}' \\
            "$ANTHROPIC_BASE_URL/v1/messages"
        }
        ask .runa/answer
        echo asked
        until [ -e .runa/go ]; do sleep 0.1; done
        nc 127.0.0.1 8790 -e sh -c "printf 'POST /v1/messages HTTP/1.1\\r\\nHost: x\\r\\nx-api-key: $ANTHROPIC_API_KEY\\r\\ncontent-type: application/json\\r\\nConnection: close\\r\\nContent-Length: 93\\r\\n\\r\\n{\\"model\\":\\"${MODEL}\\",\\"max_tokens\\":100,\\"messages\\":[{\\"role\\":\\"user\\",\\"content\\":\\"hello, world\\"}]}'; cat > .runa/refusal"
      `);
      const run = await world.start("agentd run site-builder");
      await run.printed("asked");
      const search = new Search(world, sinceMs);
      const token = await tokenOf(search);
      expect(await search.holders(token)).toBeGreaterThan(0);
      expect(await search.holders(key)).toBe(0);
      expect(await search.find(token)).toEqual([]);
      expect(await search.find(key)).toEqual([]);
      server.keys.clear();
      await writeFile(join((await world.record()).path, "runa/go"), "");
      await run.end();
      const { path } = await world.record();
      expect(await readFile(join(path, "runa/refusal"), "utf8")).toContain("was revoked");
      expect(await search.find(token)).toEqual([]);
      expect(await search.find(key)).toEqual([]);
    }),
  );
});

/** The token of the world's session: other tests have theirs. */
async function tokenOf(search: Search): Promise<string> {
  const environments = (await allProcesses()).flatMap(({ environment = "" }) => environment.split(/[\0\n]/));
  const tokens = new Set(
    environments.flatMap((each) => /^ANTHROPIC_API_KEY=([0-9a-f]{64})$/.exec(each)?.[1] ?? []),
  );
  for (const token of tokens) if ((await search.holders(token)) > 0) return token;
  throw new Error("no process of the session has a token");
}
