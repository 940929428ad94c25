import { readdir } from "node:fs/promises";
import { delimiter, dirname, join } from "node:path";
import { describe, expect, it } from "vitest";
import { AGENTD } from "../kit/agentd.mjs";
import { readJournal } from "../kit/records.mjs";
import { searchFiles } from "../kit/secrets.mjs";
import { Terminal } from "../kit/terminal.ts";
import { until } from "../kit/until.mjs";
import type { World } from "../kit/world.ts";
import { AtAFailpoint, COUNTING_AGENT, killDaemon, letGo, reaches } from "./at-a-failpoint.ts";
import { inAWorld } from "./in-a-world.ts";

const SECRET = "s3cret-of-the-test-4711";

/** A session that runs and has a credential. */
async function running(world: World): Promise<void> {
  world.profileKeys["credentials"] = [{ name: "SITE_TOKEN", source: "AGENTD_SITE_TOKEN" }];
  world.variables["AGENTD_SITE_TOKEN"] = SECRET;
  await world.commitAgent(COUNTING_AGENT);
  await world.start("agentd run site-builder --detach");
  expect(await world.command.end()).toBe(0);
  await reaches(world, "running");
  await world.start("agentd logs -f site-builder");
  await world.command.printed("begun");
}

async function terminal(world: World, text: string): Promise<Terminal> {
  const { sandbox } = await world.daemon();
  const path = `${dirname(AGENTD)}${delimiter}${sandbox.env["PATH"] ?? ""}`;
  return new Terminal(text, { ...sandbox.env, PATH: path, TERM: "xterm-256color" });
}

async function ended(world: World, words: readonly string[]) {
  const { sandbox } = await world.daemon();
  return await sandbox.run(words);
}

describe("agentd exec", () => {
  it(
    "gives a shell on a terminal, and a command without one, none of the credentials",
    inAWorld(async (world) => {
      const begunMs = Date.now();
      await running(world);

      // A shell: size and colours, Ctrl-C and Ctrl-D, a new size, and its exit code.
      const shell = await terminal(world, "agentd exec site-builder");
      shell.type("stty size; echo kind=$TERM\r");
      await shell.shows("30 100");
      await shell.shows("kind=xterm-256color");
      shell.type("printf '\\033[31mred\\033[0m\\n'\r");
      await shell.shows("\x1b[31mred\x1b[0m");
      shell.type(
        "sh -c 'trap \"echo stopped by hand; exit 9\" INT; echo it waits; while :; do sleep 1; done'\r",
      );
      await shell.shows("it waits\r");
      shell.type("\x03");
      await shell.shows("stopped by hand\r");
      shell.type("sh -c 'echo cat begins; exec cat'; echo cat left with $?\r");
      await shell.shows("cat begins\r");
      shell.type("typed twice\r");
      await shell.shows("typed twice\r\ntyped twice\r\n");
      shell.type("\x04");
      await shell.shows("cat left with 0");
      shell.type("exit 43\r");
      expect(await shell.end()).toBe(43);

      // A size that changes while it is open.
      const waits = "echo open; until stty size | grep -q '41 117'; do sleep 0.1; done; exit 5";
      const resized = await terminal(world, `tty; agentd exec -it site-builder -- sh -c "${waits}"`);
      await resized.shows("open");
      const [device = ""] = /\/dev\/pts\/\d+/.exec(resized.shown) ?? [];
      await world.start(`stty -F ${device} rows 41 cols 117`);
      expect(await resized.end()).toBe(5);

      // Exit codes are the command's, or Podman's.
      const codes = await Promise.all(
        ["exit 7", "exec /nowhere", "kill -9 $$"].map(async (line) => {
          const { exitCode } = await ended(world, ["exec", "site-builder", "--", "sh", "-c", line]);
          return exitCode;
        }),
      );
      expect(codes).toEqual([7, 127, 137]);
      expect((await ended(world, ["exec", "site-builder", "--", "/nowhere"])).exitCode).toBe(127);
      expect((await ended(world, ["exec", "site-builder", "--", "/etc"])).exitCode).toBe(126);

      // As the session's user, in its repository, confined as it is, with no credential.
      const look = "id -un; pwd; env; grep -E 'CapEff|NoNewPrivs|Seccomp:' /proc/self/status";
      const { stdout } = await ended(world, ["exec", "site-builder", "--", "sh", "-c", look]);
      const seen = stdout.toString();
      expect(seen).toContain("site-builder\n/home/site-builder/repo\n");
      expect(seen).toMatch(/AGENTD_SESSION_ID=[0-9a-f]{16}\n/);
      expect(seen).toMatch(/NoNewPrivs:\t1\n/);
      expect(seen).toMatch(/CapEff:\t0{16}\n/);
      expect(seen).toMatch(/Seccomp:\t2$/m);
      expect(seen).not.toContain("SITE_TOKEN");

      // With them where they are asked for, and still not in any file that Podman or agentd keep.
      const withThem = [
        "exec",
        "--credentials",
        "site-builder",
        "--",
        "sh",
        "-c",
        "echo $SITE_TOKEN; exit 3",
      ];
      const given = await ended(world, withThem);
      expect([given.stdout.toString(), given.exitCode]).toEqual([SECRET, 3]);
      const { sandbox } = await world.daemon();
      const directories = [sandbox.stateDirectory, sandbox.auditRoot, sandbox.containers.cacheDirectory];
      const search = { directories, texts: [SECRET], sinceMs: begunMs };
      expect(await searchFiles(sandbox.containers, search)).toEqual([]);
      expect(await gatesOf(world)).toEqual([]);

      const events = (await readJournal((await world.record()).path)).filter(({ event }) => event === "exec");
      expect(events.at(0)).toMatchObject({ state: "running", tty: true, credentials: false });
      expect(events.at(-1)).toMatchObject({ command: withThem.slice(4), credentials: true, tty: false });

      await letGo(world);
      await reaches(world, "sealed");
      const late = await ended(world, ["exec", "site-builder", "--", "true"]);
      expect(late.exitCode).toBe(125);
      expect(late.stderr).toContain("session_not_running");
    }),
  );

  it(
    "lets a command go that waits for credentials from a daemon that has died",
    inAWorld(async (world) => {
      world.profileKeys["credentials"] = [{ name: "SITE_TOKEN", source: "AGENTD_SITE_TOKEN" }];
      world.variables["AGENTD_SITE_TOKEN"] = SECRET;
      await world.commitAgent(COUNTING_AGENT);
      const failpoints = await AtAFailpoint.arm(world, "exec_gate_made=wait");
      await world.start("agentd run site-builder --detach");
      await world.command.end();
      await reaches(world, "running");
      const exec = await world.start("agentd exec --credentials site-builder -- true");
      await failpoints.hit("exec_gate_made");
      expect(await gatesOf(world)).toHaveLength(1);
      await killDaemon(world);
      expect(await exec.end()).toBe(125);
      await failpoints.startDaemonAgain();
      await until("the FIFO's removal", async () => (await gatesOf(world)).length === 0);
      await letGo(world);
      await reaches(world, "sealed");
    }),
  );
});

/** The FIFOs for commands beside the session's. */
async function gatesOf(world: World): Promise<string[]> {
  const { sandbox, instance } = await world.daemon();
  const { id } = await world.record();
  const names = await readdir(join(sandbox.runtimeDirectory(instance), "gates", id));
  return names.filter((name) => name.startsWith("exec-"));
}
