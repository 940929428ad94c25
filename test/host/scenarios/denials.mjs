import assert from "node:assert/strict";
import { shell } from "../guest/command.mjs";
import { scenario } from "../guest/scenario.mjs";

/** Of an audit line: what was denied, to whom, on what. */
const DENIAL = /avc: +denied +\{ ([^}]*) \}.* comm="([^"]*)".* scontext=(\S+) tcontext=(\S+) tclass=(\S+)/;

/** What other scenarios bring about on purpose: mounts that nobody relabelled, or for somebody else. */
const ON_PURPOSE = /name="mount-(none|separate)"|name="file"/;

/** Whoever acts here: the operator's own processes, and containers. */
const OURS = /:(unconfined_t|container_t|container_init_t|container_runtime_t)[:.]/;

export const denials = {
  ...scenario(
    "selinux-denials",
    "SELinux has denied nothing to agentd and its sessions but what it should",
    async () => {
      const lines = (await shell("cat /var/log/audit/audit.log*")).split("\n");
      assert.ok(
        lines.some((line) => line.startsWith("type=DAEMON_START ")),
        "there is an audit log",
      );
      const found = lines.filter((line) => {
        const [, , , by = ""] = DENIAL.exec(line) ?? [];
        return OURS.test(`${by}:`) && !ON_PURPOSE.test(line);
      });
      assert.deepEqual(found, []);
    },
  ),
  isLast: true,
  needsSelinux: true,
};
