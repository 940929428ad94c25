import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { until } from "../../kit/until.mjs";
import { run } from "../guest/command.mjs";
import { scenario } from "../guest/scenario.mjs";

/** Longer than it takes to type a command here, and soon over. */
const TIMEOUT_S = 120;
/** Counts, and ends when its file is there. */
const COUNTING = `
i=0
until [ -e .runa/go ]; do i=$((i + 1)); echo "$i" >.runa/count; [ "$i" = 1 ] && echo ready; sleep 0.2; done`;

export const pause = scenario(
  "pause",
  "a session stands still by its control group for longer than its timeout, through a restart, and goes on",
  async (operator) => {
    await operator.serve({ name: "worker", script: COUNTING, timeout: `${TIMEOUT_S}s` });
    const id = await operator.runUntilItPrints("worker", "ready");
    const { record } = await operator.session(id);
    const counted = async () => Number(await readFile(join(record, "runa", "count"), "utf8"));
    await operator.must("pause", id);
    const before = await counted();
    const { State } = await operator.inspectContainer(id);
    assert.equal(State.Status, "paused", "the engine has frozen its control group");
    await sleep((TIMEOUT_S * 1000) / 2);
    await run(["systemctl", "--user", "restart", "agentd"]);
    await sleep((TIMEOUT_S * 1000) / 2);
    assert.equal((await operator.session(id))["state"], "paused");
    assert.equal(await counted(), before, "it has not counted");

    await operator.must("resume", id);
    await until("that it counts on", async () => (await counted()) > before, { timeoutMs: 900_000 });
    await run(["touch", join(record, "runa", "go")]);
    assert.equal((await operator.waitFor(id))["outcome"], "success");
    return { paused: `${TIMEOUT_S} s and more` };
  },
);
