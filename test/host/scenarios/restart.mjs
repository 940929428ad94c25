import assert from "node:assert/strict";
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { until } from "../../kit/until.mjs";
import { run } from "../guest/command.mjs";
import { ASKING, ReachableHost } from "../guest/reachable-host.mjs";
import { scenario } from "../guest/scenario.mjs";

/** @typedef {import("../guest/operator.mjs").Operator} Operator */

const SLOW_MS = 900_000;

/**
 * A session runs, the daemon goes and comes back, and the session has not noticed.
 *
 * @param {Operator} operator
 * @param {(daemonPid: number) => Promise<unknown>} interrupt Has another daemon take the place of this one.
 */
async function outlives(operator, interrupt) {
  const host = await ReachableHost.start();
  try {
    const id = await operator.runUntilItPrints("worker", "ready");
    const before = await operator.inspectContainer(id);
    await host.isAsked();

    const daemonPid = await operator.daemonPid();
    await interrupt(daemonPid);
    await until(
      "another daemon",
      async () => (await operator.daemonPid()) !== daemonPid && (await operator.agentd("status")).code === 0,
      { timeoutMs: SLOW_MS },
    );

    await host.isAsked();
    const after = await operator.inspectContainer(id);
    assert.equal(after.State.Pid, before.State.Pid, "it is the same process");
    assert.equal((await operator.session(id))["state"], "running");

    const another = await operator.runUntilItPrints("worker", "ready");
    host.stopSessions();
    for (const each of [id, another]) {
      assert.equal((await operator.waitFor(each))["outcome"], "success");
      assert.equal(await operator.outputOf(each), "ready\nstopped\n");
    }
  } finally {
    await host.close();
  }
}

export const restart = scenario(
  "restart",
  "a session outlives `systemctl --user restart`, with the same process and a working network",
  async (operator) => {
    await operator.serve({ name: "worker", script: ASKING });
    await outlives(operator, () => run(["systemctl", "--user", "restart", "agentd"]));
    assert.equal(await operator.unitProperty("Result"), "success");
  },
);

export const kill = scenario("kill", "a session outlives `kill -9` of the daemon", async (operator) => {
  await operator.serve({ name: "worker", script: ASKING });
  await outlives(operator, async (pid) => process.kill(pid, "SIGKILL"));
  assert.equal(await operator.unitProperty("NRestarts"), "1");
});

export const watchdog = scenario(
  "watchdog",
  "systemd replaces a daemon that hangs, and the session lives",
  async (operator) => {
    const dropIns = join(operator.home, ".config", "systemd", "user", "agentd.service.d");
    await mkdir(dropIns, { recursive: true });
    await writeFile(join(dropIns, "watchdog.conf"), "[Service]\nWatchdogSec=30s\n");
    await operator.serve({ name: "worker", script: ASKING });
    try {
      await outlives(operator, async (pid) => process.kill(pid, "SIGSTOP"));
      assert.equal(await operator.unitProperty("NRestarts"), "1");
    } finally {
      await run(["rm", "-r", dropIns]);
    }
  },
);

export const stop = scenario(
  "stop",
  "stopping the service ends the daemon and its Podman service, and no session",
  async (operator) => {
    await operator.serve({ name: "worker", script: "echo ready; sleep 600" });
    const id = await operator.runUntilItPrints("worker", "ready");
    await run(["systemctl", "--user", "stop", "agentd"]);
    assert.equal(await operator.unitProperty("ActiveState"), "inactive");
    assert.doesNotMatch(
      await run(["ps", "-u", "keeper", "-o", "args"]),
      /system service --time=0|agentd daemon/,
    );
    const { State } = await operator.inspectContainer(id);
    assert.equal(State.Status, "running");

    await run(["systemctl", "--user", "start", "agentd"]);
    assert.equal((await operator.session(id))["state"], "running");
    await operator.must("stop", id, "--grace", "1s");
    assert.equal((await operator.waitFor(id))["outcome"], "cancelled");
  },
);
