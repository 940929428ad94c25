import { readdir } from "node:fs/promises";
import { delimiter, dirname, join } from "node:path";
import { describe, expect, it } from "vitest";
import type { FailpointLabel } from "../../src/failpoints.ts";
import { AGENTD } from "../kit/agentd.mjs";
import { leftovers } from "../kit/leftovers.mjs";
import { containersOf, sessionContainersOf } from "../kit/podman.mjs";
import { readJournal } from "../kit/records.mjs";
import { Terminal } from "../kit/terminal.ts";
import { until } from "../kit/until.mjs";
import type { World } from "../kit/world.ts";
import { AtAFailpoint, killDaemon, reaches } from "./at-a-failpoint.ts";
import { inAWorld } from "./in-a-world.ts";

const SECRET = "s3cret-of-the-test-0815";

/** Leaves something in its clone, its home and `.runa`, and fails. */
const FAILING_AGENT = `
echo left > work.txt
echo home > ~/home.txt
echo runa > .runa/notes.txt
echo "$SITE_TOKEN" | wc -c
exit 5
`;

/** A profile whose sessions are kept. */
async function keeping(world: World, keys: Record<string, string> = { keep: "on-failure" }): Promise<void> {
  world.profileKeys["credentials"] = [{ name: "SITE_TOKEN", source: "AGENTD_SITE_TOKEN" }];
  world.variables["AGENTD_SITE_TOKEN"] = SECRET;
  Object.assign(world.profileKeys, keys);
  await world.commitAgent(FAILING_AGENT);
}

async function run(world: World, words: readonly string[]) {
  const { sandbox } = await world.daemon();
  const { exitCode, stdout, stderr } = await sandbox.run(words);
  return { exitCode, stdout: stdout.toString(), stderr };
}

/** What the newest session is shown as. */
async function shown(world: World) {
  const { stdout } = await run(world, ["show", "--latest", "--json"]);
  return JSON.parse(stdout) as { readonly session_id: string; readonly kept: { bytes: number } | null };
}

async function left(world: World): Promise<string[]> {
  const { sandbox, instance } = await world.daemon();
  return await leftovers(sandbox, instance);
}

async function enteredContainers(world: World): Promise<number> {
  const { sandbox, instance } = await world.daemon();
  const containers = await containersOf(sandbox.containers, instance);
  return containers.filter(({ Labels }) => Labels["io.agentd.entered"] !== undefined).length;
}

async function terminal(world: World, text: string): Promise<Terminal> {
  const { sandbox } = await world.daemon();
  const path = `${dirname(AGENTD)}${delimiter}${sandbox.env["PATH"] ?? ""}`;
  return new Terminal(text, { ...sandbox.env, PATH: path, TERM: "xterm-256color" });
}

describe("a kept session", () => {
  it(
    "can be entered, without credentials, and removed; its record stays as it was sealed",
    inAWorld(async (world) => {
      await keeping(world);
      const ended = await run(world, ["run", "site-builder"]);
      expect(ended.exitCode).toBe(5);
      expect(ended.stderr).toMatch(/kept: .* until .*; agentd enter \w+, agentd rm \w+/);
      const { kept } = await shown(world);
      expect(kept).toMatchObject({ entered: 0 });
      expect(kept?.bytes).toBeGreaterThan(0);
      expect((await run(world, ["ps", "-a"])).stdout).toMatch(/KEPT[^]*for 23 h/);
      expect((await run(world, ["status"])).stdout).toMatch(/kept +1 ended session, .* of at most 20 GiB/);
      const { sandbox, instance } = await world.daemon();
      expect((await sessionContainersOf(sandbox.containers, instance)).map(({ State }) => State)).toEqual([
        "exited",
      ]);

      // A shell on a terminal: what the session has left, as its user, confined as it was.
      const shell = await terminal(world, "agentd enter site-builder");
      shell.type("stty size; id -un; pwd\r");
      await shell.shows("30 100");
      await shell.shows("site-builder\r\n/home/site-builder/repo\r\n");
      shell.type(
        "cat work.txt ~/home.txt .runa/notes.txt; echo changed > work.txt; echo more > .runa/notes.txt\r",
      );
      await shell.shows("left\r\nhome\r\nruna\r\n");
      shell.type(
        "sh -c 'trap \"echo stopped by hand; exit 9\" INT; echo it waits; while :; do sleep 1; done'\r",
      );
      await shell.shows("it waits\r");
      shell.type("\x03");
      await shell.shows("stopped by hand\r");
      expect(await shown(world)).toMatchObject({ kept: { entered: 1 } });
      expect((await run(world, ["rm", "site-builder"])).stderr).toContain("somebody has entered it");
      shell.type("exit 43\r");
      expect(await shell.end()).toBe(43);
      expect(await enteredContainers(world)).toBe(0);

      const look =
        "cat work.txt .runa/notes.txt; env; grep -E 'CapEff|NoNewPrivs|Seccomp:' /proc/self/status; exit 7";
      const seen = await run(world, ["enter", "site-builder", "--", "sh", "-c", look]);
      expect(seen.exitCode).toBe(7);
      expect(seen.stdout).toContain("changed\nmore\n");
      expect(seen.stdout).toMatch(/AGENTD_SESSION_ID=[0-9a-f]{16}\n/);
      expect(seen.stdout).toMatch(/NoNewPrivs:\t1\n/);
      expect(seen.stdout).toMatch(/CapEff:\t0{16}\n/);
      expect(seen.stdout).toMatch(/Seccomp:\t2$/m);
      expect(seen.stdout).not.toContain(SECRET);
      expect(seen.stdout).not.toContain("SITE_TOKEN");
      expect((await run(world, ["enter", "site-builder", "--", "/nowhere"])).exitCode).toBe(127);
      expect((await run(world, ["enter", "site-builder", "--", "/etc"])).exitCode).toBe(126);

      // Nothing takes it away, or changes its record.
      const verified = await run(world, ["audit", "verify", "--all"]);
      expect(verified.exitCode, verified.stdout + verified.stderr).toBe(0);
      const pruned = await run(world, ["audit", "prune", "--keep", "0", "--yes"]);
      expect(pruned.stderr).toContain("agentd rm");
      expect(pruned.stderr).toContain("removed 0 records");

      const removed = await run(world, ["rm", "site-builder"]);
      expect([removed.exitCode, removed.stderr]).toEqual([
        0,
        expect.stringMatching(/is not kept any more: .* are free/),
      ]);
      expect(await left(world)).toEqual([]);
      expect(await shown(world)).toMatchObject({ kept: null });
      const record = await world.record();
      const journal = await readJournal(record.path);
      expect(journal.find(({ event }) => event === "kept")).toMatchObject({ state: "finishing" });
      const story = (await run(world, ["show", record.id])).stdout;
      expect(story).toContain("entered: /bin/sh -c");
      expect(story).toContain("what was kept is removed: an operator asked for it");
      expect((await run(world, ["audit", "verify", "--all"])).exitCode).toBe(0);
      const late = await run(world, ["enter", "site-builder"]);
      expect([late.exitCode, late.stderr]).toEqual([125, expect.stringContaining("session_not_kept")]);
      expect((await run(world, ["rm", record.id])).exitCode).toBe(1);
    }),
  );

  it(
    "is one that the profile or the run asks for, and ends with its client or by force",
    inAWorld(async (world) => {
      await keeping(world, { keep: "never" });
      await run(world, ["run", "site-builder"]);
      expect(await shown(world)).toMatchObject({ kept: null });
      expect(await left(world)).toEqual([]);

      await run(world, ["run", "--keep", "site-builder"]);
      expect(await shown(world)).toMatchObject({ kept: { entered: 0 } });
      const wait = "echo inside; while :; do sleep 1; done";
      const shell = await terminal(world, `agentd enter -t --latest -- sh -c '${wait}'`);
      await shell.shows("inside");
      const forced = await run(world, ["rm", "--force", "--latest"]);
      expect(forced.exitCode).toBe(0);
      // Podman's own exit code when the container is gone before it has asked how that ended.
      expect([137, 255]).toContain(await shell.end());
      expect(await left(world)).toEqual([]);

      // A client that is killed leaves nothing that runs.
      await run(world, ["run", "--keep", "site-builder"]);
      const killed = await world.start(`agentd enter --latest -- sh -c "${wait}"`);
      await killed.printed("inside");
      expect(await enteredContainers(world)).toBe(1);
      killed.signal("SIGKILL");
      await until("the end of the entered container", async () => (await enteredContainers(world)) === 0);
      expect((await run(world, ["rm", "--all"])).exitCode).toBe(0);
      expect(await left(world)).toEqual([]);
    }),
  );

  it(
    "goes when its time is over, and when all of them take too much",
    inAWorld(async (world) => {
      await keeping(world, { keep: "always", keep_for: "2s" });
      await run(world, ["run", "site-builder"]);
      await until("the end of its time", async () => (await shown(world)).kept === null);
      await until("its removal", async () => (await left(world)).length === 0);
      const expired = await run(world, ["show", "--latest"]);
      expect(expired.stdout).toContain("its time was over");

      world.profileKeys["keep_for"] = "1h";
      await world.commitAgent("head -c 3000000 /dev/zero > big; exit 5");
      world.daemonKeys["keep_max"] = "8m";
      await world.saveConfiguration();
      await run(world, ["reload"]);
      for (const unit of ["first", "second", "third"])
        await run(world, ["run", "site-builder", "--work-unit", unit]);
      const first = await world.recordOf("first");
      await until("the removal of the oldest", async () =>
        (await run(world, ["show", first.id])).stdout.includes("daemon.keep_max"),
      );
      const { stdout } = await run(world, ["ps", "--filter", "kept=true", "--format", "{{.work_unit}}"]);
      expect(stdout).toBe("third\nsecond");

      // One that takes more than all may, is not kept at all.
      await world.commitAgent("head -c 9000000 /dev/zero > big; exit 5");
      const { stderr } = await run(world, ["run", "site-builder"]);
      expect(stderr).toContain("The session is not kept: it takes");
      expect(stderr).toContain("daemon.keep_max");
      expect((await run(world, ["rm", "--all"])).exitCode).toBe(0);
      expect(await left(world)).toEqual([]);
    }),
  );
});

/** What the operator types to come to a label, and what the next daemon finds. */
const STEPS: readonly {
  readonly label: FailpointLabel;
  readonly typed: readonly string[];
  readonly isKept: boolean;
}[] = [
  { label: "keeping", typed: ["run", "--detach", "site-builder"], isKept: true },
  { label: "kept", typed: ["run", "--detach", "site-builder"], isKept: true },
  { label: "enter_noted", typed: ["enter", "--latest", "--", "true"], isKept: true },
  { label: "enter_created", typed: ["enter", "--latest", "--", "true"], isKept: true },
  { label: "entered", typed: ["enter", "--latest", "--", "true"], isKept: true },
  { label: "keep_removing", typed: ["rm", "--latest"], isKept: false },
  { label: "keep_removed", typed: ["rm", "--latest"], isKept: false },
  { label: "keep_removal_noted", typed: ["rm", "--latest"], isKept: false },
];

describe("a daemon that is killed", () => {
  it.each(STEPS)(
    "at $label leaves a session kept and listed, or removed",
    async ({ label, typed, isKept }) => {
      await inAWorld(async (world) => {
        await keeping(world);
        const failpoints = await AtAFailpoint.arm(world, `${label}=wait`);
        if (typed[0] !== "run") await run(world, ["run", "site-builder"]);
        const typing = world.start(`agentd ${typed.join(" ")}`);
        await failpoints.hit(label);
        await killDaemon(world);
        (await typing).signal("SIGKILL");
        await failpoints.startDaemonAgain();
        await reaches(world, "sealed");
        const { sandbox } = await world.daemon();
        const listed = async (): Promise<string[]> =>
          await readdir(join(sandbox.stateDirectory, "kept")).catch(() => []);
        if (!isKept) await until("the end of the removal", async () => (await listed()).length === 0);
        expect((await shown(world)).kept !== null).toBe(isKept);
        expect(await enteredContainers(world)).toBe(0);
        if (isKept) {
          const seen = await run(world, ["enter", "--latest", "--", "cat", "work.txt", ".runa/notes.txt"]);
          expect([seen.exitCode, seen.stdout], seen.stderr).toEqual([0, "left\nruna"]);
          expect((await run(world, ["rm", "--latest"])).exitCode).toBe(0);
        }
        expect(await left(world)).toEqual([]);
        const story = (await run(world, ["show", "--latest"])).stdout;
        expect(story.match(/what was kept is removed/g)).toHaveLength(1);
        const verified = await run(world, ["audit", "verify", "--all"]);
        expect(verified.exitCode, verified.stdout + verified.stderr).toBe(0);
      })();
    },
  );
});
