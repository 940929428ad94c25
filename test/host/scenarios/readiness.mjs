import assert from "node:assert/strict";
import { writeFile } from "node:fs/promises";
import { until } from "../../kit/until.mjs";
import { attempt, run } from "../guest/command.mjs";
import { Failpoint } from "../guest/failpoint.mjs";
import { scenario } from "../guest/scenario.mjs";

const SLOW_MS = 900_000;

export const readiness = scenario(
  "readiness",
  "the service is ready once the sessions of the last daemon are taken over and the socket answers, and says what runs",
  async (operator) => {
    await operator.serve({ name: "worker", script: "echo ready; sleep 600" });
    const id = await operator.runUntilItPrints("worker", "ready");
    await until(
      "the status",
      async () => (await operator.unitProperty("StatusText")) === "ready: 1 running",
      {
        timeoutMs: SLOW_MS,
      },
    );
    await run(["systemctl", "--user", "stop", "agentd"]);

    // The next daemon is held in the middle of its recovery.
    const failpoint = await Failpoint.arm(operator, "recovery_decided");
    await run(["systemctl", "--user", "start", "--no-block", "agentd"]);
    await failpoint.reached();
    assert.equal(await operator.unitProperty("ActiveState"), "activating");
    assert.equal((await operator.agentd("status")).code, 1);
    assert.equal((await operator.agentd("service", "status")).code, 1);

    await failpoint.release();
    // Resolves when the start that goes on is done.
    await run(["systemctl", "--user", "start", "agentd"]);
    assert.equal(await operator.unitProperty("StatusText"), "ready: 1 running");
    assert.equal((await operator.session(id))["state"], "running");
    await operator.must("stop", id, "--grace", "0s");
    await until(
      "the status",
      async () => (await operator.unitProperty("StatusText")) === "ready: no sessions",
      {
        timeoutMs: SLOW_MS,
      },
    );
  },
);

export const reload = scenario(
  "reload",
  "`systemctl --user reload` takes a changed configuration over, and refuses a broken one",
  async (operator) => {
    const names = async () => {
      /** @type {{ name: string }[]} */
      const profiles = await operator.agentdJson("profiles");
      return profiles.map(({ name }) => name);
    };
    await operator.serve({ name: "first", script: "true" });
    const pid = await operator.daemonPid();
    await operator.configure([
      { name: "first", script: "true" },
      { name: "second", script: "true" },
    ]);
    await run(["systemctl", "--user", "reload", "agentd"]);
    assert.deepEqual(await names(), ["first", "second"]);

    await writeFile(operator.configFile, "[[profiles]]\nname = 1\n");
    const refused = await attempt(["systemctl", "--user", "reload", "agentd"]);
    assert.notEqual(refused.code, 0);
    const log = await run(["journalctl", "--user", "--unit", "agentd", "--lines", "20", "--output", "cat"]);
    assert.match(log, /\[config_invalid\]/);
    assert.deepEqual(await names(), ["first", "second"]);
    assert.equal(await operator.unitProperty("ActiveState"), "active");
    assert.equal(await operator.daemonPid(), pid);
  },
);
