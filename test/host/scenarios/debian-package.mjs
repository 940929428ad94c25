import assert from "node:assert/strict";
import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { attempt, run } from "../guest/command.mjs";
import { Operator } from "../guest/operator.mjs";
import { scenario } from "../guest/scenario.mjs";

const PROGRAM = "/usr/bin/agentd";
/** Prints, and ends when its file is there. */
const WAITING = 'echo ready; until [ -e .runa/go ]; do sleep 0.2; done; echo "done"';

/** Debian's own: a session lives through an upgrade, a rollback, and its service with them. */
export const debianPackage = scenario(
  "debian_package",
  "the package installs with its manual, goes forward and back under a running session, and its removal leaves the records",
  async (operator) => {
    const packages = await packagesIn(operator.inputDirectory);
    const [older, newer] = packages;
    if (older === undefined || newer === undefined) throw new Error("there are not two packages");
    await operator.must("service", "uninstall", "--force");
    if (await hasOldNode()) return await expectRefusal(older.path);
    const packaged = Object.assign(new Operator(), { agentdProgram: PROGRAM });
    await install(older.path);
    try {
      await packaged.serve({ name: "worker", script: WAITING });
      assert.equal(await versionOf(packaged), older.version);
      await readManual(older.version);
      const id = await packaged.runUntilItPrints("worker", "ready");
      const { State: before } = await packaged.inspectContainer(id);
      for (const { path, version } of [newer, older]) {
        await install(path);
        await packaged.must("service", "install");
        assert.equal(await versionOf(packaged), version);
        const { State: now } = await packaged.inspectContainer(id);
        assert.equal(now.Pid, before.Pid, `it is the same process with version ${version}`);
        assert.equal((await packaged.session(id))["state"], "running");
      }
      await run(["touch", join((await packaged.session(id))["record"], "runa", "go")]);
      assert.equal((await packaged.waitFor(id))["outcome"], "success");
      assert.equal(await packaged.outputOf(id), "ready\ndone\n");
      await packaged.must("service", "uninstall");
    } finally {
      await run(["sudo", "apt-get", "remove", "-y", "agentd"]);
    }
    assert.notEqual((await attempt(["sh", "-c", `command -v ${PROGRAM}`])).code, 0, "it is removed");
    await operator.must("audit", "verify", "--all");
    return { versions: `${older.version}, ${newer.version}, ${older.version}` };
  },
);

/** @param {string} directory Oldest first. */
async function packagesIn(directory) {
  const names = (await readdir(directory)).filter((name) => name.endsWith(".deb")).sort();
  return names.map((name) => ({
    path: join(directory, name),
    version: /_([^_]+)_all\.deb$/.exec(name)?.[1] ?? "",
  }));
}

/** @param {string} path */
async function install(path) {
  // These hosts leave other manuals out, and the directory with them.
  await run(["sudo", "mkdir", "-p", "/usr/share/man/man1"]);
  await run(["sudo", "apt-get", "install", "-y", "--allow-downgrades", "--no-install-recommends", path]);
}

/** As `man` shows it, which finds the pages by itself. @param {string} version */
async function readManual(version) {
  const text = await run(["man", "--pager=cat", "agentd-run"]);
  assert.match(text, /^AGENTD-RUN\(1\) .* AGENTD-RUN\(1\)$/m);
  for (const heading of ["NAME", "SYNOPSIS", "DESCRIPTION", "OPTIONS"])
    assert.match(text, new RegExp(`^${heading}$`, "m"));
  assert.ok(text.includes(`agentd ${version}`), "it is that of the package");
  assert.match(text, /--detach/);
}

/** @param {Operator} packaged Of the daemon that runs. */
async function versionOf(packaged) {
  return (await packaged.agentdJson("status"))["version"];
}

/** Whether this Debian's own Node.js is too old: the host has another one then, that no package brings. */
async function hasOldNode() {
  const { stdout } = await attempt(["dpkg-query", "-W", "-f", "${Version}", "nodejs"]);
  return Number(stdout.split(".")[0]) < 20;
}

/** @param {string} path */
async function expectRefusal(path) {
  const refused = await attempt(["sudo", "apt-get", "install", "-y", path]);
  assert.notEqual(refused.code, 0);
  assert.match(refused.stdout + refused.stderr, /agentd : Depends: nodejs \(>= 20\.19\)/);
  const { stdout } = await attempt(["dpkg-deb", "--field", path, "Description"]);
  assert.match(stdout, /Debian 12 has Node\.js 18.*deb\.nodesource\.com/s);
  return { refused: "nodejs is too old, and the package says what to do" };
}
