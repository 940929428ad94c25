import assert from "node:assert/strict";
import { until } from "../../kit/until.mjs";
import { run } from "../guest/command.mjs";

/** @typedef {import("../guest/operator.mjs").Operator} Operator */
/** @typedef {import("../guest/scenario.mjs").Scenario} Scenario */

const SLOW_MS = 900_000;

/**
 * @param {string} name
 * @param {"reboot" | "poweroff"} then
 * @returns {Scenario}
 */
function acrossBoots(name, then) {
  return {
    name,
    title: `a session that runs during \`systemctl ${then}\` is interrupted, its work is kept, and the next one runs`,
    phases: [{ run: startSession, then }, { run: findItInterrupted }],
  };
}

/** @param {Operator} operator */
async function startSession(operator) {
  await operator.serve(
    { name: "worker", script: "echo made >made; echo ready; sleep 6000" },
    { name: "quick", script: "echo done" },
  );
  await operator.runUntilItPrints("worker", "ready");
}

/** @param {Operator} operator */
async function findItInterrupted(operator) {
  await until("the daemon after the boot", async () => (await operator.agentd("status")).code === 0, {
    timeoutMs: SLOW_MS,
  });
  const [session] = await operator.agentdJson("ps", "--all");
  const interrupted = await operator.waitFor(session.session_id);
  assert.equal(interrupted["outcome"], "interrupted");
  assert.equal(interrupted["work"].uncommitted, 1);
  assert.match((await operator.must("diff", session.session_id)).stdout, /^\+made$/m);
  assert.equal((await operator.runToEnd("quick"))["outcome"], "success");
  await run(["sh", "-c", 'cd "$1" && sha256sum --quiet -c SHA256SUMS', "sh", session.record]);
}

export const reboot = acrossBoots("reboot", "reboot");
export const poweroff = acrossBoots("poweroff", "poweroff");
