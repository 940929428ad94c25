/** An agent's work becomes a branch and a request, once, whatever happens to the daemon. */
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, it } from "vitest";
import { isThere } from "../../src/if-there.ts";
import { publishing as publishingTo } from "../kit/publishing-world.ts";
import { readJournal } from "../kit/records.mjs";
import { until } from "../kit/until.mjs";
import type { World } from "../kit/world.ts";
import { AtAFailpoint, killDaemon, reaches } from "./at-a-failpoint.ts";
import { inAWorld } from "./in-a-world.ts";
import { Search } from "./places-of-secrets.ts";

const AGENT = `
[ "$AGENTD_WORK_UNIT" = nothing ] || echo made > made.txt
`;

async function publishing(world: World, onPush?: () => Promise<void>) {
  await world.commitAgent(AGENT);
  return await publishingTo(world, onPush);
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
      world.profileKeys["after"] = [{ command: ["/bin/sh", "-c", "exit 3"] }];
      await run(world, "issue-42");
      const record = await world.recordOf("issue-42");
      await reaches(world, "sealed");
      expect((await record.document()).warnings).toMatchObject([expect.stringContaining("is protected")]);
      const notesFile = join(record.path, "agentd/after.jsonl");
      await until("the program after the session is noted", () => isThere(notesFile));
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
      const notes = await readFile(notesFile, "utf8");
      expect(
        notes
          .trimEnd()
          .split("\n")
          .map((line) => JSON.parse(line) as object),
      ).toMatchObject([
        { kind: "after", result: "failed", why: "it ended with exit code 3" },
        { kind: "publish", result: "failed" },
        { kind: "publish", result: "published" },
        { kind: "publish", result: "published" },
      ]);
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

it(
  "is published once, although the daemon is killed in the push, and nothing shows the token meanwhile",
  inAWorld(async (world) => {
    const sinceMs = Date.now() - 1000;
    let isHeld = true;
    let pushes = 0;
    const place = await publishing(world, async () => {
      pushes += 1;
      await until("the push may go on", () => Promise.resolve(!isHeld), { timeoutMs: 120_000 });
    });
    try {
      await run(world, "issue-42");
      await until("the push has begun", () => Promise.resolve(pushes > 0));
      expect(await new Search(world, sinceMs).find(place.token)).toEqual([]);
      await killDaemon(world);
      expect(await place.branches()).toEqual([]);
      expect((await (await world.record()).document()).published).toBeNull();
      isHeld = false;
      await world.startDaemonAgain();
      await reaches(world, "sealed");
      const document = await (await world.record()).document();
      expect(document).toMatchObject({ outcome: "success", warnings: [] });
      expect(await place.branches()).toEqual([`agentd/site-builder/issue-42 ${document.published?.commit}`]);
      expect(place.forge.requests).toHaveLength(1);
    } finally {
      isHeld = false;
      await place.close();
    }
  }),
);
