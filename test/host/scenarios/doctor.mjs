import assert from "node:assert/strict";
import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { scenario } from "../guest/scenario.mjs";

/** @typedef {import("../guest/operator.mjs").Operator} Operator */
/** @typedef {{ name: string, profile: string | null, status: string, summary: string, fix: string | null }} Check */
/** @typedef {{ ok: boolean, counts: Record<string, number>, checks: Check[] }} Report */

/** @param {Operator} operator @returns {Promise<Report>} What doctor prints, whatever it exits with. */
async function examine(operator) {
  const { code, stdout } = await operator.agentd("doctor", "--json");
  const report = /** @type {Report} */ (JSON.parse(stdout));
  assert.equal(code, report.ok ? 0 : 1);
  return report;
}

/** @param {Report} report @param {string} status */
function namesOf({ checks }, status) {
  return checks.filter((check) => check.status === status).map(({ name, summary }) => `${name}: ${summary}`);
}

export const doctor = scenario(
  "doctor",
  "`agentd doctor` finds a host on which sessions run, and what keeps one from running",
  async (operator) => {
    await operator.serve(
      { name: "worker", script: "true" },
      { name: "closed", script: "true", network: "allowlist", allow: ["example.org"] },
    );
    const well = await examine(operator);
    assert.deepEqual(namesOf(well, "failure"), []);
    for (const name of ["lingering", "nsenter", "session_networks", "allow", "seccomp_profile"]) {
      assert.deepEqual(
        well.checks.filter((check) => check.name === name).map(({ status }) => status),
        ["ok"],
        name,
      );
    }
    assert.equal((await operator.runToEnd("worker"))["outcome"], "success");

    const source = join(operator.home, "mount-unlabelled");
    await mkdir(source, { recursive: true });
    await operator.configure([
      {
        name: "worker",
        script: "true",
        mounts: [{ source, target: "/mnt/it" }],
        credentials: [{ name: "SECRET", source: "NOBODY_HAS_SET_IT" }],
      },
    ]);
    await operator.must("reload");
    const ill = await examine(operator);
    const found = ill.checks.filter(({ profile, status }) => profile === "worker" && status !== "ok");
    for (const what of [/mount-unlabelled/, /NOBODY_HAS_SET_IT/]) {
      const check = found.find(({ summary }) => what.test(summary));
      assert.ok(check?.fix, `${what} and how to fix it in ${JSON.stringify(found)}`);
    }
    assert.equal((await operator.runToEnd("worker"))["outcome"], "launch_failed");
    const { ok, warning, failure } = well.counts;
    return {
      doctor: `${ok} ok, ${warning} warnings, ${failure} failures`,
      ...Object.fromEntries(namesOf(well, "warning").map((text, index) => [`warning ${index + 1}`, text])),
    };
  },
);
