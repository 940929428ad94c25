import assert from "node:assert/strict";
import { mkdir, readdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { asRoot, run } from "../guest/command.mjs";
import { Failpoint } from "../guest/failpoint.mjs";
import { scenario } from "../guest/scenario.mjs";

/** @typedef {import("../guest/operator.mjs").Operator} Operator */

/** With two categories of its own, which no other container has. */
const PRIVATE_PROCESS = /^\w+:\w+:container_t:s0:c\d+,c\d+$/;
const PRIVATE_FILE = /^\w+:object_r:container_file_t:s0:c\d+,c\d+$/;
const SHARED_FILE = /^\w+:object_r:container_file_t:s0$/;

/** @param {Parameters<typeof scenario>} words */
function aboutSelinux(...words) {
  return { ...scenario(...words), needsSelinux: true };
}

/** The label of a file. @param {string} path */
async function labelOf(path) {
  return run(["stat", "--format", "%C", path]);
}

/** The categories in a label, such as `s0:c1,c2`. @param {string} label */
function levelOf(label) {
  return label.split(":").slice(3).join(":");
}

/**
 * The directories of a running session.
 *
 * @param {Operator} operator
 * @param {string} id
 */
async function directoriesOf(operator, id) {
  const [instance = ""] = (await readdir(join(operator.runtimeDirectory, "agentd"))).filter((name) =>
    /^[0-9a-f]{8}$/.test(name),
  );
  const { record } = await operator.session(id);
  return {
    staging: join(operator.cacheDirectory, "staging", id),
    gate: join(operator.runtimeDirectory, "agentd", instance, "gates", id),
    record,
  };
}

/** The label of the pipe that a session reads its credentials from. @param {string} gate */
async function labelOfPipe(gate) {
  const [pipe = ""] = (await run(["find", gate, "-type", "p"])).split("\n");
  return labelOf(pipe);
}

/** @param {Operator} operator @param {string} name */
async function makeDirectory(operator, name) {
  const directory = join(operator.home, name);
  await asRoot(["rm", "-rf", directory]);
  await mkdir(directory);
  await writeFile(join(directory, "file"), `of ${name}\n`);
  return directory;
}

export const labels = aboutSelinux(
  "selinux-labels",
  "what a session sees is labelled for its process alone, and methodology for all sessions",
  async (operator) => {
    const methodology = await makeDirectory(operator, "methodology");
    await writeFile(join(methodology, "manifest.toml"), "");
    const script = `cat /agentd/methodology/file; echo new >file; echo new >.runa/file; echo new >~/file
      cat /proc/self/attr/current; echo; echo ready; sleep 600`;
    const failpoint = await Failpoint.arm(operator, "gate_met");
    await operator.serve({ name: "worker", script, methodology_dir: methodology });
    const id = (await operator.must("run", "worker", "--detach")).stdout.trim();
    await failpoint.reached();
    const pipe = await labelOfPipe((await directoriesOf(operator, id)).gate);
    await failpoint.release();
    await operator.untilPrinted(id, "ready");

    const { ProcessLabel, State } = await operator.inspectContainer(id);
    const level = levelOf(ProcessLabel);
    assert.match(ProcessLabel, PRIVATE_PROCESS);
    assert.equal((await run(["cat", `/proc/${State.Pid}/attr/current`])).replace("\0", ""), ProcessLabel);

    const { staging, gate, record } = await directoriesOf(operator, id);
    const own = [
      ...["repo", "repo/README", "repo/.git", "repo/.git/HEAD", "repo/file", "home", "home/file"].map(
        (path) => join(staging, path),
      ),
      ...["runa", "runa/file"].map((path) => join(record, path)),
      gate,
    ];
    assert.match(pipe, PRIVATE_FILE);
    assert.equal(levelOf(pipe), level, "the pipe of the credentials");
    for (const path of own) {
      const label = await labelOf(path);
      assert.match(label, PRIVATE_FILE, path);
      assert.equal(levelOf(label), level, path);
    }
    for (const path of [methodology, join(methodology, "file")])
      assert.match(await labelOf(path), SHARED_FILE, path);
    for (const path of [staging, record, join(record, "agentd"), join(record, "agentd", "console.log")]) {
      assert.doesNotMatch(await labelOf(path), /container_file_t/, path);
    }
    await operator.must("stop", id);
  },
);

export const mounts = aboutSelinux(
  "selinux-mounts",
  "a mount is denied unless it is relabelled, for one session or for all",
  async (operator) => {
    const mounts = await Promise.all(
      ["none", "shared", "private"].map(async (relabel) => ({
        source: await makeDirectory(operator, `mount-${relabel}`),
        target: `/mnt/${relabel}`,
        relabel,
      })),
    );
    const script = `for each in none shared private; do
        cat /mnt/$each/file || echo "$each denied"
        echo new >/mnt/$each/new || echo "$each not written"
      done 2>/dev/null; echo ready; sleep 600`;
    await operator.serve({ name: "worker", script, mounts });
    const id = await operator.runUntilItPrints("worker", "ready");
    assert.deepEqual((await operator.outputOf(id)).trim().split("\n"), [
      ...["none denied", "none not written"],
      ...["of mount-shared", "of mount-private", "ready"],
    ]);
    const [none, shared, private_] = await Promise.all(
      mounts.map(({ source }) => labelOf(join(source, "file"))),
    );
    assert.doesNotMatch(none ?? "", /container_file_t/);
    assert.match(shared ?? "", SHARED_FILE);
    assert.match(private_ ?? "", PRIVATE_FILE);
    await operator.must("stop", id);
  },
);

export const separation = aboutSelinux(
  "selinux-separation",
  "two sessions cannot read each other's files, even in a directory that both have mounted",
  async (operator) => {
    const source = await makeDirectory(operator, "mount-separate");
    const mount = { source, target: "/mnt/it" };
    const script = "cat /mnt/it/file 2>/dev/null || echo denied; echo ready; sleep 600";
    await operator.serve(
      { name: "owner", script, mounts: [{ ...mount, relabel: "private" }] },
      { name: "stranger", script, mounts: [mount] },
    );
    const owner = await operator.runUntilItPrints("owner", "ready");
    const stranger = await operator.runUntilItPrints("stranger", "ready");
    assert.equal(await operator.outputOf(owner), "of mount-separate\nready\n");
    assert.equal(await operator.outputOf(stranger), "denied\nready\n");
    const [one, two] = await Promise.all([owner, stranger].map((id) => operator.inspectContainer(id)));
    assert.notEqual(levelOf(one.ProcessLabel), levelOf(two.ProcessLabel));
    for (const id of [owner, stranger]) await operator.must("stop", id);
  },
);
