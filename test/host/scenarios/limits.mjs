import assert from "node:assert/strict";
import { scenario } from "../guest/scenario.mjs";

const MIB = 2 ** 20;

export const outOfMemory = scenario(
  "out-of-memory",
  "a session that needs more than its memory ends as out_of_memory",
  async (operator) => {
    // tail keeps what it reads until the end: of zeros without a line, all of it.
    await operator.serve({ name: "worker", memory: "64m", script: "exec tail -n 1 /dev/zero" });
    assert.equal((await operator.agentd("run", "worker")).code, 137);
    const [session] = await operator.agentdJson("ps", "--all");
    assert.equal(session["outcome"], "out_of_memory");
    assert.equal(session["exit_code"], 137);
    assert.equal(session["peak_memory_bytes"], 64 * MIB);
  },
);

export const pidsLimit = scenario(
  "pids",
  "a session gets no more processes than its limit",
  async (operator) => {
    // A shell that cannot fork ends; the one around it stays while the processes do, without another one.
    const script = `exec 2>&1
      (for each in $(seq 40); do sleep 5 & echo $! >~/last; done)
      read last <~/last; while [ -d "/proc/$last" ]; do :; done; exit 1`;
    await operator.serve({ name: "worker", pids: 16, script });
    const session = await operator.runToEnd("worker");
    assert.equal(session["outcome"], "generic_failure");
    assert.match(await operator.outputOf(session["session_id"]), /can't fork/);
    assert.equal(session["peak_pids"], 16);
  },
);

export const cpuLimit = scenario(
  "cpu",
  "a session gets no more processor time than its share",
  async (operator) => {
    // Half a second of user time out of what passes on the clock, four times over: whoever is alone needs two seconds.
    await operator.serve({
      name: "worker",
      cpus: 0.25,
      script: "cat /sys/fs/cgroup/cpu.max; exec timeout 8 yes >/dev/null",
    });
    const session = await operator.runToEnd("worker");
    assert.match(await operator.outputOf(session["session_id"]), /^25000 100000$/m);
    const seconds = (Date.parse(session["end_timestamp"]) - Date.parse(session["start_timestamp"])) / 1000;
    const used = session["cpu_seconds"];
    assert.ok(used > 0, "its processor time is known");
    assert.ok(used < 0.5 * seconds, `it used ${used} s in ${seconds} s`);
  },
);

export const peaks = scenario("peaks", "the record of a session tells what it used", async (operator) => {
  // Longer than agentd goes without a look.
  const script =
    "dd if=/dev/zero of=/dev/null bs=40M count=20 2>/dev/null; sleep 8 & sleep 8 & sleep 8 & wait";
  await operator.serve({ name: "worker", script });
  const session = await operator.runToEnd("worker");
  assert.equal(session["outcome"], "success");
  assert.ok(session["peak_memory_bytes"] > 40 * MIB, `memory: ${session["peak_memory_bytes"]}`);
  assert.ok(session["peak_pids"] >= 5, `processes: ${session["peak_pids"]}`);
  assert.ok(session["cpu_seconds"] > 0, `processor time: ${session["cpu_seconds"]}`);
});
