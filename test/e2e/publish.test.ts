/** An agent's work becomes a branch and a request, once, whatever happens to the daemon. */
import { chmod, mkdir, readFile, rename, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, it } from "vitest";
import { makeCertificate } from "../kit/certificates.mjs";
import { startForge } from "../kit/forges/forge-server.mjs";
import { startGitServer } from "../kit/git-server.mjs";
import { readJournal } from "../kit/records.mjs";
import { git } from "../kit/repositories.mjs";
import { makeSecret } from "../kit/secrets.mjs";
import type { World } from "../kit/world.ts";
import { AtAFailpoint, reaches } from "./at-a-failpoint.ts";
import { inAWorld } from "./in-a-world.ts";
import { Search } from "./places-of-secrets.ts";

const AGENT = `
[ "$AGENTD_WORK_UNIT" = nothing ] || echo made > made.txt
`;

/** The repository of the world on a server that takes pushes, and a forge beside it; the profile publishes to both. */
async function publishing(world: World) {
  const token = makeSecret();
  await world.commitAgent(AGENT);
  const team = join(world.house.hostFiles, "served", "team");
  await mkdir(team, { recursive: true });
  await rename(join(world.house.repositories, "site.git"), join(team, "site.git"));
  const { certificate, authorityFile } = await makeCertificate(world.house.hostFiles);
  const served = { certificate, token };
  const server = await startGitServer(join(team, ".."), { ...served, takesPushes: true });
  const forge = await startForge("github", served);
  Object.assign(world.variables, { GIT_SSL_CAINFO: authorityFile, PUBLISH_TOKEN: token });
  Object.assign(world.profileKeys, {
    repo: `${server.url}/team/site.git`,
    repo_token_source: "PUBLISH_TOKEN",
    publish: { request: { forge: "github", api_url: forge.url, labels: ["agent"] } },
  });
  return {
    token,
    forge,
    server,
    /** `NAME ID` of every branch but the first. */
    branches: async () =>
      (await git(join(team, "site.git"), ["for-each-ref", "--format=%(refname:short) %(objectname)"]))
        .split("\n")
        .filter((line) => !line.startsWith("main ")),
    /** The server refuses pushes from here on. */
    refuse: async (why: string) => {
      const hook = join(team, "site.git/hooks/pre-receive");
      await writeFile(hook, `#!/bin/sh\necho ${why} >&2\nexit 1\n`);
      await chmod(hook, 0o755);
    },
    accept: () => rm(join(team, "site.git/hooks/pre-receive")),
    pushes: () => server.requests.filter((each) => /^POST .*git-receive-pack$/.test(each)).length,
    close: async () => {
      await server.close();
      await forge.close();
    },
  };
}

async function run(world: World, unit: string): Promise<void> {
  await (await world.start(`agentd run site-builder --detach --work-unit ${unit}`)).end();
}

it(
  "is published with its request, and the token is in no record, log or directory",
  inAWorld(async (world) => {
    const sinceMs = Date.now() - 1000;
    const place = await publishing(world);
    try {
      const command = await world.start("agentd run site-builder --work-unit issue-42");
      await command.end();
      const record = await world.recordOf("issue-42");
      const document = await record.document();
      const [branch] = await place.branches();
      expect(document.warnings).toEqual([]);
      expect(branch).toBe(`agentd/site-builder/issue-42 ${document.published?.commit}`);
      expect(document.published).toEqual({
        branch: "agentd/site-builder/issue-42",
        commit: expect.stringMatching(/^[0-9a-f]{40}$/),
        url: `${place.server.url}/team/site.git`,
        request_url: "https://forge.example/pulls/1",
      });
      expect(place.forge.requests).toMatchObject([{ base: "main", labels: ["agent"], draft: true }]);
      expect(place.forge.violations).toEqual([]);
      expect(await new Search(world, sinceMs).find(place.token)).toEqual([]);
      const again = await world.start("agentd run site-builder --work-unit nothing");
      await again.end();
      const events = (await readJournal((await world.recordOf("nothing")).path)).filter(
        ({ event }) => event === "nothing_published",
      );
      expect(events).toMatchObject([{ why: "the session left no new commit and no change" }]);
      expect(await place.branches()).toHaveLength(1);
    } finally {
      await place.close();
    }
  }),
);

it.each(["publishing", "pushed", "published"] as const)(
  "is published once, although the daemon dies at %s",
  async (label) => {
    await inAWorld(async (world) => {
      const place = await publishing(world);
      try {
        const failpoints = await AtAFailpoint.arm(world, `${label}=crash`);
        world.spoilt = true;
        await run(world, "issue-42");
        await failpoints.hit(label);
        await failpoints.startDaemonAgain();
        await reaches(world, "sealed");
        const record = await world.record();
        const document = await record.document();
        expect(document).toMatchObject({ outcome: "success", warnings: [] });
        expect(await place.branches()).toEqual([
          `agentd/site-builder/issue-42 ${document.published?.commit}`,
        ]);
        expect(document.published?.request_url).toBe("https://forge.example/pulls/1");
        expect(place.forge.requests).toHaveLength(1);
        expect(place.pushes()).toBe(1);
      } finally {
        await place.close();
      }
    })();
  },
);

it(
  "is published by hand from its sealed record, and the notes about that verify",
  inAWorld(async (world) => {
    const sinceMs = Date.now() - 1000;
    const place = await publishing(world);
    try {
      await place.refuse("the branch is protected");
      await run(world, "issue-42");
      const record = await world.recordOf("issue-42");
      await reaches(world, "sealed");
      expect((await record.document()).warnings).toMatchObject([expect.stringContaining("is protected")]);
      const typed = async (text: string) => {
        const command = await world.start(text);
        const exitCode = await command.end();
        return { exitCode, out: command.stdout.toString(), err: command.stderr.toString() };
      };
      const refused = await typed("agentd publish --latest");
      expect([refused.exitCode, refused.err]).toEqual([
        1,
        expect.stringContaining("the branch is protected"),
      ]);
      await place.accept();
      const published = await typed("agentd publish --latest --json");
      expect([published.exitCode, JSON.parse(published.out)]).toMatchObject([
        0,
        { session_id: record.id, published: { branch: "agentd/site-builder/issue-42" }, warnings: [] },
      ]);
      const { commit } = (JSON.parse(published.out) as { published: { commit: string } }).published;
      expect(await place.branches()).toEqual([`agentd/site-builder/issue-42 ${commit}`]);
      const again = await typed("agentd publish --latest");
      expect([again.exitCode, again.out]).toEqual([
        0,
        expect.stringContaining("its request is https://forge.example/pulls/1"),
      ]);
      expect(place.forge.requests).toHaveLength(1);
      expect(place.pushes()).toBe(3);
      const notes = await readFile(join(record.path, "agentd/after.jsonl"), "utf8");
      expect(
        notes
          .trimEnd()
          .split("\n")
          .map((line) => (JSON.parse(line) as { result: string }).result),
      ).toEqual(["failed", "published", "published"]);
      expect((await typed("agentd audit verify --all")).exitCode).toBe(0);
      expect((await typed("agentd show --latest")).out).toContain(
        "published agentd/site-builder/issue-42 at",
      );
      expect(await new Search(world, sinceMs).find(place.token)).toEqual([]);
    } finally {
      await place.close();
    }
  }),
);
