import assert from "node:assert/strict";
import { rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { attempt, run } from "../guest/command.mjs";
import { scenario } from "../guest/scenario.mjs";

const BARE = "agentd-bare.service";

/** How exposed systemd takes a unit to be, from 0 to 10. @param {string} unit */
async function exposureOf(unit) {
  const { stdout } = await attempt(["systemd-analyze", "--user", "security", "--no-pager", unit]);
  const [, score] = /Overall exposure level for \S+: (\d+\.\d+ \w+)/.exec(stdout) ?? [];
  assert.ok(score, `systemd-analyze prints a score: ${stdout}`);
  return score;
}

export const security = scenario(
  "security",
  "the unit confines the daemon no less than one that only starts it",
  async (operator) => {
    await operator.serve({ name: "worker", script: "true" });
    const bare = join(operator.unitDirectory, BARE);
    await writeFile(bare, `[Service]\nExecStart=${operator.agentdProgram} daemon\n`);
    try {
      await run(["systemctl", "--user", "daemon-reload"]);
      const [before, after] = [await exposureOf(BARE), await exposureOf("agentd.service")];
      assert.ok(parseFloat(after) <= parseFloat(before), `${before}, then ${after}`);
      return {
        "exposure of a bare unit": before,
        "exposure of agentd.service": after,
      };
    } finally {
      await rm(bare);
      await run(["systemctl", "--user", "daemon-reload"]);
    }
  },
);
