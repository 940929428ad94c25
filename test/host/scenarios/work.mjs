import assert from "node:assert/strict";
import { mkdir, readFile, rm, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { attempt, hasSelinux, run, shell } from "../guest/command.mjs";
import { ensureGitImage } from "../guest/git-image.mjs";
import { scenario } from "../guest/scenario.mjs";

/** @typedef {import("../guest/operator.mjs").Operator} Operator */
/** @typedef {import("../guest/operator.mjs").Session} Session */

const REQUEST = 'Fix the "typo" in README, $(id)';

/** Two commits on a branch of its own, a changed file, and a new one. */
const WORK = `
  test "$AGENTD_REQUEST" = "$(cat "$AGENTD_REQUEST_FILE")"
  git switch -qc fix
  echo "one line more" >>README && git commit -qam "Add a line"
  mkdir lib && echo "of the library" >lib/first && git add lib && git commit -qm "Add a file"
  echo "not committed" >>README
  echo "not added" >notes
  git rev-parse HEAD`;

/**
 * A fresh checkout of the sessions' repository.
 *
 * @param {Operator} operator
 * @param {string} name
 */
async function checkOut(operator, name) {
  const checkout = join(operator.home, name);
  await rm(checkout, { recursive: true, force: true });
  await run(["git", "clone", "-q", operator.repository, checkout]);
  return checkout;
}

/**
 * What the checkout has of the session's work, once it is applied with all that was not committed.
 *
 * @param {Operator} operator
 * @param {Session} session
 * @param {string} head The session's last commit, as the session printed it.
 */
async function applies(operator, session, head) {
  const id = session["session_id"];
  const checkout = await checkOut(operator, "checkout");
  const git = (/** @type {string[]} */ ...words) => run(["git", "-C", checkout, ...words]);
  const applied = await shell('cd "$1" && "$2" apply --worktree "$3"', [
    checkout,
    operator.agentdProgram,
    id,
  ]);
  assert.match(applied, new RegExp(`agentd/${id}`));
  assert.equal(await git("rev-parse", `agentd/${id}`), head, "the commits have their own ids");
  assert.equal(
    await git("log", "--format=%an: %s", `main..agentd/${id}`),
    "worker: Add a file\nworker: Add a line",
  );
  assert.equal(await git("status", "--porcelain"), " M README\n?? notes");
  assert.match(await readFile(join(checkout, "README"), "utf8"), /one line more\nnot committed\n$/);
  assert.equal(await git("fsck", "--full", "--strict"), "");
}

export const workOut = scenario(
  "work-out",
  "the commits and changes of a session come out of it, as a patch and in a checkout",
  async (operator) => {
    const profile = { base_image: await ensureGitImage(), artifacts: ["lib/**", "~/*.log"] };
    await operator.serve({ ...profile, name: "worker", script: `set -e; ${WORK}; echo talked >~/talk.log` });
    const session = await operator.runToEnd("worker", "--request", REQUEST);
    const id = session["session_id"];
    assert.equal(session["outcome"], "success");
    assert.deepEqual(session["warnings"], []);
    const { patch_bytes, head_commit, ...numbers } = session["work"];
    assert.ok(patch_bytes > 0);
    assert.deepEqual(numbers, { commits: 2, files_changed: 3, insertions: 4, deletions: 0, uncommitted: 2 });
    assert.equal(await operator.outputOf(id), `${head_commit}\n`);
    assert.equal(
      await operator.readText(join(session["record"], "artifacts", "lib", "first")),
      "of the library\n",
    );
    assert.equal(await operator.readText(join(session["record"], "artifacts", "~", "talk.log")), "talked\n");

    const diff = (await operator.must("diff", id)).stdout;
    for (const line of ["+one line more", "+not committed", "+of the library", "+not added"])
      assert.ok(diff.split("\n").includes(line), line);
    await applies(operator, session, head_commit);
    const other = await checkOut(operator, "other");
    await shell('cd "$1" && "$2" diff "$3" | git apply', [other, operator.agentdProgram, id]);
    assert.equal(await run(["git", "-C", other, "status", "--porcelain"]), " M README\n?? lib/\n?? notes");
    await operator.must("audit", "verify", id);
  },
);

export const workKept = scenario(
  "work-kept",
  "the work of a session that timed out or was stopped is kept, and a session without any has none",
  async (operator) => {
    await operator.serve(
      { name: "idle", base_image: await ensureGitImage(), script: "git status" },
      { name: "slow", timeout: "30s", script: `echo "left behind" >>README; sleep 600` },
      { name: "stopped", script: `echo "left behind" >>README; echo ready; sleep 600` },
    );
    // The labels that a session's files get change each of them for git, and nothing of that is work.
    const idle = await operator.runToEnd("idle");
    assert.deepEqual(idle["work"], {
      head_commit: idle["commit"],
      ...{ commits: 0, files_changed: 0, insertions: 0, deletions: 0, uncommitted: 0, patch_bytes: 0 },
    });
    const slow = await operator.runToEnd("slow");
    assert.equal(slow["outcome"], "timed_out");
    const stopped = await operator.runUntilItPrints("stopped", "ready");
    await operator.must("stop", stopped, "--grace", "1s");
    for (const each of [slow, await operator.waitFor(stopped)]) {
      assert.equal(each["work"].uncommitted, 1);
      assert.match((await operator.must("diff", each["session_id"])).stdout, /^\+left behind$/m);
    }
  },
);

export const given = scenario(
  "given",
  "a session finds its request, its files and what its profile puts into its home",
  async (operator) => {
    const source = join(operator.home, "notes");
    await writeFile(source, "of the host\n");
    const labelOf = async () => ((await hasSelinux()) ? run(["stat", "--format", "%C", source]) : undefined);
    const labelBefore = await labelOf();
    await operator.serve({
      name: "worker",
      files: [
        { target: "~/.tool/config.toml", content: 'model = "large"\n' },
        { target: "~/notes", source },
      ],
      script: `cat "$AGENTD_REQUEST_FILE"; echo; cat /agentd/input/change.patch ~/.tool/config.toml ~/notes
        (echo more >>/agentd/input/change.patch) 2>/dev/null || echo "the input is read-only"
        echo "$LEVEL"; stat -c '%a %U' ~/.tool ~/.tool/config.toml
        echo changed >~/notes && cat ~/notes`,
    });
    const { stdout } = await attempt(
      [
        ...[operator.agentdProgram, "run", "worker", "--request", REQUEST, "--env", "LEVEL=strict"],
        ...["--input", "change.patch=-"],
      ],
      { input: "a patch\n" },
    );
    assert.deepEqual(stdout.trimEnd().split("\n"), [
      ...[REQUEST, "a patch", 'model = "large"', "of the host", "the input is read-only", "strict"],
      ...["700 worker", "600 worker", "changed"],
    ]);
    assert.equal(await operator.readText(source), "of the host\n");
    assert.equal(await labelOf(), labelBefore, "its label stays");
    const [session] = await operator.agentdJson("ps", "--all");
    assert.equal(session["outcome"], "success");
    const { record } = session;
    assert.equal(await operator.readText(join(record, "agentd", "input", "request.txt")), REQUEST);
    assert.equal(await operator.readText(join(record, "agentd", "input", "change.patch")), "a patch\n");
    await operator.must("audit", "verify", session["session_id"]);
  },
);

export const workspaces = scenario(
  "workspaces",
  "a session gets an empty workspace, or a copy of a directory, whose original keeps contents and labels",
  async (operator) => {
    const directory = join(operator.home, "handbook");
    await rm(directory, { recursive: true, force: true });
    await mkdir(join(directory, "pages"), { recursive: true });
    await writeFile(join(directory, "pages", "first"), "of the handbook\n");
    const label = (await hasSelinux()) ? "%Z" : "";
    const look = () => shell(`cd "$1" && find . -printf "%p %m %T@ ${label}\\n" | sort`, [directory]);
    const before = await look();
    await operator.serve(
      {
        name: "editor",
        workspace: "directory",
        repo: undefined,
        directory,
        script: "cat pages/first; echo changed >pages/first; echo new >pages/second; rm -rf .git; echo done",
      },
      { name: "blank", workspace: "empty", repo: undefined, script: "ls -A; echo made >file" },
    );
    const edited = await operator.runToEnd("editor");
    assert.equal(edited["outcome"], "success");
    assert.equal(await operator.outputOf(edited["session_id"]), "of the handbook\ndone\n");
    const diff = (await operator.must("diff", edited["session_id"])).stdout;
    for (const line of ["-of the handbook", "+changed", "+new"])
      assert.ok(diff.split("\n").includes(line), line);
    assert.equal(await look(), before, "the original is as it was");
    assert.equal((await stat(directory)).uid, process.getuid?.());

    const blank = await operator.runToEnd("blank");
    assert.equal(blank["outcome"], "success");
    assert.match((await operator.must("diff", blank["session_id"])).stdout, /^\+made$/m);
    for (const { record, session_id } of [edited, blank]) {
      await run(["sh", "-c", 'cd "$1" && sha256sum --quiet -c SHA256SUMS', "sh", record]);
      await operator.must("audit", "verify", session_id);
    }
  },
);
