/** An agent's work comes out of its session, whatever becomes of the session. */
import { access, appendFile, mkdir, readdir, readFile, rm, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { expectNothingLeft } from "../kit/house/nothing-left.ts";
import type { RecordDirectory } from "../kit/house/records.ts";
import { podman, sessionContainersOf } from "../kit/podman.mjs";
import { readJournal } from "../kit/records.mjs";
import { git } from "../kit/repositories.mjs";
import { until } from "../kit/until.mjs";
import type { World } from "../kit/world.ts";
import { AtAFailpoint, killDaemon, reaches } from "./at-a-failpoint.ts";
import { inAWorld } from "./in-a-world.ts";

/** Commits twice on a branch of its own, changes a file, leaves a new one, and then does as its work unit says. */
const AGENT = `
export HOME=/tmp
git config --global user.name Agent
git config --global user.email agent@example.org
git checkout -q -b fix
echo one > one.txt && git add one.txt && git commit -q -m "One"
echo two > two.txt && git add two.txt && git commit -q -m "Two"
git rev-parse HEAD~ HEAD > .runa/ids
echo changed >> README.md
echo new > new.txt
touch .runa/ready
case "$AGENTD_WORK_UNIT" in
  flood) while :; do echo 0123456789012345678901234567890123456789; done ;;
  wait) sleep 1000 ;;
esac
exit 0
`;

/** Has the repository start programs wherever git would, each of which leaves a trace. */
const HOSTILE = `
cat > .git/trap <<'END'
#!/bin/sh
touch CANARY
cat
END
chmod +x .git/trap
for hook in pre-commit post-checkout post-index-change reference-transaction fsmonitor-watchman; do
  cp .git/trap .git/hooks/$hook 2>/dev/null || { mkdir -p .git/hooks && cp .git/trap .git/hooks/$hook; }
done
cat >> .git/config <<'END'
[core]
  fsmonitor = touch CANARY
  pager = touch CANARY
[filter "trap"]
  clean = touch CANARY; cat
  smudge = touch CANARY; cat
  required = true
[diff "trap"]
  command = touch CANARY
  textconv = touch CANARY; cat
END
echo '* filter=trap diff=trap' > .gitattributes
mkdir -p .git/objects/info && echo /etc > .git/objects/info/alternates
`;

async function worldWithAgent(world: World, agent = AGENT): Promise<void> {
  world.profileKeys["base_image"] = await world.house.image("debian-git");
  world.profileKeys["grace"] = "0s";
  await world.commit({ "README.md": "# Demo\n", "agent.sh": agent });
}

async function run(world: World, options = ""): Promise<void> {
  await (await world.start(`agentd run site-builder --detach ${options}`)).end();
}

/** Checks that a sealed record has both commits, the changed file and the new one, and that they get into a checkout. */
async function expectWork(world: World, record: RecordDirectory): Promise<void> {
  const ids = (await readFile(join(record.path, "runa/ids"), "utf8")).trim().split("\n");
  const document = await record.document();
  expect(document.work).toMatchObject({ head_commit: ids[1], commits: 2, uncommitted: 2 });
  expect(document.work?.files_changed).toBeGreaterThanOrEqual(4);
  const exports = (await readJournal(record.path)).filter(({ event }) => event === "exported");
  expect(exports).toMatchObject([{ commits: 2, warnings: [] }]);

  const checkout = join(world.house.hostFiles, `checkout-${record.id}`);
  const repository = join(world.house.repositories, "site.git");
  await git(world.house.hostFiles, ["clone", "--quiet", repository, checkout]);
  await git(checkout, ["checkout", "--quiet", "--detach", document.commit ?? ""]);
  await git(checkout, ["fetch", "--quiet", join(record.path, "work/commits.bundle"), "refs/heads/fix"]);
  expect((await git(checkout, ["rev-list", "--reverse", "HEAD..FETCH_HEAD"])).split("\n")).toEqual(ids);
  await git(checkout, ["fsck", "--strict"]);
  await git(checkout, ["apply", join(record.path, "work/changes.patch")]);
  expect(await readFile(join(checkout, "README.md"), "utf8")).toBe("# Demo\nchanged\n");
  expect(await readFile(join(checkout, "new.txt"), "utf8")).toBe("new\n");
  expect(await readFile(join(checkout, "two.txt"), "utf8")).toBe("two\n");

  const verified = await world.start(`agentd audit verify ${record.id}`);
  await verified.end();
  expect(verified.exitCode).toBe(0);
}

describe("the work of a session", () => {
  it(
    "is in the record, also of a repository that would start programs of its own",
    inAWorld(async (world) => {
      const canary = join(world.house.hostFiles, "canary");
      await worldWithAgent(world, AGENT.replace("touch .runa/ready", HOSTILE.replaceAll("CANARY", canary)));
      world.daemonKeys["audit_private"] = false;
      await run(world);
      await reaches(world, "sealed");
      const record = await world.record();
      const { work, warnings, outcome } = await record.document();
      expect(outcome).toBe("success");
      // An objects directory that leads elsewhere is not read.
      expect(work).toMatchObject({ commits: null, patch_bytes: expect.any(Number) as number });
      expect(warnings).toEqual([expect.stringContaining("commits were not exported")]);
      const patch = await readFile(join(record.path, "work/changes.patch"), "utf8");
      expect(patch).toContain("+new\n");
      expect(patch).not.toContain("root:");
      await expect(access(canary)).rejects.toThrow("ENOENT");
      const { mode } = await stat(join(record.path, "work/changes.patch"));
      expect(mode & 0o777).toBe(0o444);
      await expectNothingLeft(world);
    }),
  );

  it(
    "is exported when the session succeeds, has no time left, is stopped, prints too much, or loses its container",
    inAWorld(async (world) => {
      await worldWithAgent(world);
      world.daemonKeys["log_limit"] = "64k";
      const outcomes: string[] = [];
      const ended = async (): Promise<void> => {
        await reaches(world, "sealed");
        const record = await world.record();
        outcomes.push(String((await record.document()).outcome));
        await expectWork(world, record);
      };
      const ready = async (): Promise<void> => {
        const mark = join((await world.record()).path, "runa/ready");
        await until("the work of the agent", async () =>
          access(mark).then(
            () => true,
            () => false,
          ),
        );
      };
      await run(world);
      await ended();
      const shown = await world.start("agentd show SESSION");
      await shown.end();
      expect(shown.stdout.toString()).toMatch(
        /work +[0-9a-f]{10}\.\.[0-9a-f]{10}, 2 commits, 4 files changed, \+4 -0 lines, 2 uncommitted/,
      );
      const listed = await world.start("agentd ps --all");
      await listed.end();
      expect(listed.stdout.toString()).toMatch(/CHANGES.*\n.*\+4 -0/);

      await run(world, "--work-unit wait --timeout 4s");
      await ended();
      await run(world, "--work-unit wait");
      await ready();
      await (await world.start("agentd stop SESSION")).end();
      await ended();
      await run(world, "--work-unit flood");
      await ended();
      await run(world, "--work-unit wait");
      await ready();
      const { sandbox, instance } = await world.daemon();
      const [container] = await sessionContainersOf(sandbox.containers, instance);
      await podman(sandbox.containers, ["rm", "--force", "--time=0", container?.Id ?? ""]);
      await ended();
      expect(outcomes).toEqual(["success", "timed_out", "cancelled", "output_limit_exceeded", "interrupted"]);
      await expectNothingLeft(world);
    }),
  );

  it(
    "is exported by the next daemon, when the daemon is killed before its export and in it, and leaves it in the middle",
    inAWorld(async (world) => {
      await worldWithAgent(world);
      world.daemonKeys["shutdown"] = "detach";
      const failpoint = await AtAFailpoint.arm(world, "exporting=crash@1");
      await run(world);
      await failpoint.hit("exporting");
      await (
        await world.daemon()
      ).daemon.exited;

      await failpoint.startDaemonAgain("exported=wait@1");
      await failpoint.hit("exported");
      await killDaemon(world);
      const record = await world.record();
      // As a daemon leaves it that was killed while it wrote.
      const half = join(record.path, "work");
      await rm(join(half, "summary.json"));
      await appendFile(join(half, "commits.bundle"), "half");
      await appendFile(join(half, "changes.patch"), "half");

      await failpoint.startDaemonAgain("exporting=delay:1500");
      await until("the export", async () => (await world.daemon()).daemon.log.includes("session found"));
      expect(await (await world.daemon()).daemon.stop()).toBe(0);
      expect(await record.state()).toBe("finishing");

      await world.startDaemonAgain();
      await reaches(world, "sealed");
      await expectWork(world, record);
      expect(await readdir(half)).toEqual(["changes.patch", "commits.bundle", "summary.json"]);
      await expectNothingLeft(world);
    }),
  );

  it(
    "is exported once: a daemon that is killed after it goes on from there",
    inAWorld(async (world) => {
      await worldWithAgent(world);
      const failpoint = await AtAFailpoint.arm(world, "staging_removed=crash");
      await run(world);
      await failpoint.hit("staging_removed");
      await (
        await world.daemon()
      ).daemon.exited;
      await failpoint.startDaemonAgain();
      await reaches(world, "sealed");
      await expectWork(world, await world.record());
      await expectNothingLeft(world);
    }),
  );

  it(
    "is exported while the container is removed, and so goes the workspace: a daemon that is killed then loses nothing",
    inAWorld(async (world) => {
      await worldWithAgent(world);
      const failpoint = await AtAFailpoint.arm(world, "container_removed=wait");
      await run(world);
      await failpoint.hit("container_removed");
      const record = await world.record();
      const { sandbox } = await world.daemon();
      const staging = join(sandbox.cacheDirectory, "staging");
      await until(
        "the removal of the workspace",
        async () => !(await readdir(staging)).some((name) => name.startsWith(record.id)),
      );
      expect((await readJournal(record.path)).at(-1)).toMatchObject({ event: "exported" });
      expect(await record.state()).toBe("finishing");
      await killDaemon(world);

      await failpoint.startDaemonAgain();
      await reaches(world, "sealed");
      await expectWork(world, record);
      await expectNothingLeft(world);
    }),
  );

  it(
    "is exported when the host was restarted meanwhile",
    inAWorld(async (world) => {
      await worldWithAgent(world);
      await run(world, "--work-unit wait");
      const record = await world.record();
      await until("the work", async () =>
        access(join(record.path, "runa/ready")).then(
          () => true,
          () => false,
        ),
      );
      await killDaemon(world);
      const { sandbox, instance } = await world.daemon();
      await writeFile(join(sandbox.runtimeDirectory(instance), "boot"), "another boot\n");
      await world.startDaemonAgain();
      await reaches(world, "sealed");
      expect(await record.document()).toMatchObject({ outcome: "interrupted" });
      await expectWork(world, record);
      await expectNothingLeft(world);
    }),
  );

  it(
    "that cannot be exported is a warning, and no other outcome",
    inAWorld(async (world) => {
      await worldWithAgent(world);
      const failpoint = await AtAFailpoint.arm(world, "exporting=wait");
      await run(world);
      await failpoint.hit("exporting");
      const record = await world.record();
      const { sandbox } = await world.daemon();
      await rm(join(sandbox.cacheDirectory, "staging", record.id, "base.git"), { recursive: true });
      await mkdir(join(record.path, "work"));
      await writeFile(join(record.path, "work/changes.patch"), "half");
      await failpoint.goOn("exporting");
      await reaches(world, "sealed");
      const { outcome, work, warnings } = await record.document();
      expect({ outcome, work }).toEqual({ outcome: "success", work: null });
      expect(warnings).toEqual([
        expect.stringMatching(/^The session's work was not exported: .*base\.git is missing\.$/),
      ]);
      expect(await readdir(record.path)).not.toContain("work");
      await expectNothingLeft(world);
    }),
  );
});
