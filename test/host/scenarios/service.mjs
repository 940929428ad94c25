import assert from "node:assert/strict";
import { access, appendFile, readFile, stat } from "node:fs/promises";
import { join } from "node:path";
import { attempt, onTerminal, run, shell } from "../guest/command.mjs";
import { scenario } from "../guest/scenario.mjs";

/** @typedef {import("../guest/operator.mjs").Operator} Operator */

/** @param {Operator} operator @returns {Promise<any>} What `agentd service status --json` prints, whatever it exits with. */
async function statusOf(operator) {
  return JSON.parse((await operator.agentd("service", "status", "--json")).stdout);
}

/** On a host on which there is nothing yet. @param {Operator} operator */
async function installFirst(operator) {
  await operator.must("service", "uninstall", "--force");
  assert.match((await operator.must("service", "uninstall")).stderr, /the service is not installed/);
  assert.equal((await operator.agentd("service", "status")).code, 1);
  assert.equal((await statusOf(operator)).installed, false);

  const { stdout } = await operator.must("service", "install");
  assert.match(stdout, /^the service runs as process \d+: ready: no sessions$/m);
  assert.match(stdout, /agentd\.toml \(created with a first profile\)/);
  assert.match(stdout, /agentd doctor/);
  assert.equal((await operator.agentd("status")).code, 0, "the socket answers once install returns");
  await operator.must("config", "check", operator.configFile);
  assert.equal((await stat(operator.credentialsFile)).mode & 0o777, 0o600);
  const launcher = join(operator.packageDirectory, "bin", "agentd");
  const node = await shell("command -v node");
  assert.match(
    await readFile(operator.unitFile, "utf8"),
    new RegExp(`^ExecStart=${node} ${launcher} daemon`, "m"),
  );
  const { pid, ...status } = await statusOf(operator);
  assert.equal(pid, await operator.daemonPid());
  assert.deepEqual(status, {
    installed: true,
    edited: false,
    outdated: false,
    enabled: true,
    active_state: "active",
    status: "ready: no sessions",
    lingering: true,
    unit_file: operator.unitFile,
    config_file: operator.configFile,
    credentials_file: operator.credentialsFile,
  });
}

/** @param {Operator} operator */
async function installAgain(operator) {
  const pid = await operator.daemonPid();
  const { stdout } = await operator.must("service", "install");
  assert.match(stdout, new RegExp(`^the service already runs as process ${pid}:`));
  assert.equal(stdout.match(/\(unchanged\)/g)?.length, 5);
  assert.equal(await operator.daemonPid(), pid);
}

/** @param {Operator} operator */
async function keepEdits(operator) {
  await appendFile(operator.unitFile, "# mine\n");
  const edited = await readFile(operator.unitFile, "utf8");
  assert.equal((await statusOf(operator)).edited, true);
  for (const what of ["install", "uninstall"]) {
    const refused = await operator.agentd("service", what);
    assert.equal(refused.code, 1);
    assert.match(refused.stderr, /\[service_file_edited\]\n.*systemctl --user edit agentd.*--force/);
  }
  const declined = await onTerminal(`${operator.agentdProgram} service install`, "n\n");
  assert.equal(declined.code, 1);
  assert.match(declined.stdout, /overwrite it\? \[y\/N\]/);
  assert.equal(await readFile(operator.unitFile, "utf8"), edited);

  const pid = await operator.daemonPid();
  const agreed = await onTerminal(`${operator.agentdProgram} service install`, "y\n");
  assert.equal(agreed.code, 0, agreed.stdout);
  assert.match(agreed.stdout, /the service was restarted as process/);
  assert.notEqual(await operator.daemonPid(), pid);
  assert.equal((await statusOf(operator)).edited, false);
}

/** @param {Operator} operator */
async function tellFailure(operator) {
  await operator.setVariables({ AGENTD_FAILPOINTS: "nonsense" });
  await run(["systemctl", "--user", "stop", "agentd"]);
  const failed = await operator.agentd("service", "install");
  assert.equal(failed.code, 1);
  assert.match(
    failed.stderr,
    /cannot start the service: [^]*AGENTD_FAILPOINTS[^]*\[service_failed\]\n.*agentd doctor/,
  );
  await operator.setVariables({});
  await operator.must("service", "install");
}

/** @param {Operator} operator */
async function runSessions(operator) {
  await operator.setVariables({ OPERATORS_SECRET: "it is green" });
  await operator.configure([
    {
      name: "worker",
      script: '[ "$SECRET" = "it is green" ] && echo "it has the secret"; exit 3',
      credentials: [{ name: "SECRET", source: "OPERATORS_SECRET" }],
    },
    { name: "waiter", script: "echo ready; sleep 600" },
  ]);
  await run(["systemctl", "--user", "restart", "agentd"]);
  const { code, stdout } = await operator.agentd("run", "worker");
  assert.deepEqual([code, stdout], [0, "it has the secret\n"]);
  const environment = await run(["systemctl", "--user", "show", "agentd"]);
  assert.doesNotMatch(environment, /it is green/, "systemd does not show credentials");
}

/** @param {Operator} operator */
async function uninstall(operator) {
  const id = await operator.runUntilItPrints("waiter", "ready");
  const refused = await operator.agentd("service", "uninstall");
  assert.equal(refused.code, 1);
  assert.match(refused.stderr, /1 session runs or waits \[sessions_open\]\n.*agentd stop --all/);

  await operator.must("service", "uninstall", "--leave-sessions");
  assert.equal((await operator.inspectContainer(id)).State.Status, "running");
  await assert.rejects(access(operator.unitFile));
  await operator.must("service", "install");
  assert.equal((await operator.session(id))["state"], "running");

  await operator.must("stop", "--all");
  const { stdout } = await operator.must("service", "uninstall");
  const { record } = await operator.agentdJson("audit", "show", id);
  for (const path of [operator.configFile, operator.credentialsFile, record]) await access(path);
  for (const path of [operator.configFile, operator.credentialsFile]) assert.ok(stdout.includes(path), path);
  assert.equal((await statusOf(operator)).installed, false);
  assert.notEqual((await attempt(["systemctl", "--user", "cat", "agentd"])).code, 0);
}

export const service = scenario(
  "service",
  "`agentd service` installs, shows and removes the service, and loses nothing of the operator's",
  async (operator) => {
    await installFirst(operator);
    await installAgain(operator);
    await keepEdits(operator);
    await tellFailure(operator);
    await runSessions(operator);
    await uninstall(operator);
  },
);
