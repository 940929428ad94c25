import assert from "node:assert/strict";
import { chmod, mkdir, rm, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { hasSelinux, run } from "../guest/command.mjs";
import { scenario } from "../guest/scenario.mjs";

/** @typedef {import("../guest/operator.mjs").Operator} Operator */
/** @typedef {{ name: string, status: string, summary: string }} Check */

/** As docs/hardening.md has it: what runsc has to be told where an ordinary user starts it. */
const WRAPPER = `#!/bin/sh
exec /usr/bin/runsc --ignore-cgroups --network=host --host-fifo=open "$@"
`;

const PROFILE = {
  name: "worker",
  runtime: "runsc",
  exceptions: [{ allow: "E007", reason: "the tests want another kernel" }],
  credentials: [{ name: "SECRET", source: "OPERATORS_SECRET" }],
  script: 'dmesg | head -n 1; [ "$SECRET" = "it is green" ] && echo "it has the secret"; echo made >made',
};

/** What doctor says of runtimes. @param {Operator} operator @returns {Promise<Check | undefined>} */
async function runtimesCheck(operator) {
  const { stdout } = await operator.agentd("doctor", "--json");
  return JSON.parse(stdout).checks.find((/** @type {Check} */ { name }) => name === "runtimes");
}

export const runtimes = scenario(
  "runtimes",
  'a session with `runtime = "runsc"` runs on gVisor\'s kernel where SELinux does not label it, and is refused where it does',
  async (operator) => {
    await operator.setVariables({ OPERATORS_SECRET: "it is green" });
    await operator.serve(PROFILE);
    if (await hasSelinux()) {
      const labelled = await operator.runToEnd("worker");
      assert.equal(labelled["outcome"], "launch_failed");
      assert.match(labelled["cause"], /SELinux is not supported/);
      const check = await runtimesCheck(operator);
      assert.equal(check?.status, "failure", check?.summary);
    }

    const settings = join(operator.home, ".config", "containers", "containers.conf");
    const wrapper = join(operator.prefix, "bin", "runsc");
    await mkdir(dirname(settings), { recursive: true });
    await writeFile(wrapper, WRAPPER);
    await chmod(wrapper, 0o755);
    await writeFile(settings, `[containers]\nlabel = false\n[engine.runtimes]\nrunsc = ["${wrapper}"]\n`);
    try {
      await run(["systemctl", "--user", "restart", "agentd"]);
      const session = await operator.runToEnd("worker");
      assert.equal(session["outcome"], "success", session["cause"]);
      assert.match(
        await operator.outputOf(session["session_id"]),
        /Starting gVisor\.\.\.\nit has the secret\n$/,
      );
      assert.equal(session["work"].uncommitted, 1);
      await operator.must("audit", "verify", session["session_id"]);
      const check = await runtimesCheck(operator);
      assert.equal(check?.status, "ok", check?.summary);
      return { doctor: check.summary, runsc: await run(["runsc", "--version"]) };
    } finally {
      await rm(settings);
      await rm(wrapper);
    }
  },
);
