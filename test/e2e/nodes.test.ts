import { dirname } from "node:path";
import { execa } from "execa";
import { describe, expect, it } from "vitest";
import { createSandbox } from "../kit/agentd.mjs";
import { House } from "../kit/house/house.ts";
import { makeRepository } from "../kit/repositories.mjs";
import { installNode, NODE_VERSIONS } from "../nodes/install.mjs";

describe("agentd with Node.js", () => {
  it.each(NODE_VERSIONS)(
    "%s runs a session, whose record verifies, and leaves no warning",
    async (version) => {
      const house = await House.open();
      const sandbox = await createSandbox();
      try {
        sandbox.node = await installNode(version);
        sandbox.env["PATH"] = `${dirname(sandbox.node)}:${sandbox.env["PATH"]}`;
        const { stdout: exact } = await execa(sandbox.node, ["--version"]);
        expect(await sandbox.runJson(["version", "--json"])).toMatchObject({ node_version: exact.slice(1) });
        await makeRepository(`${house.repositories}/nodes.git`, {
          files: { "agent.sh": "echo hello from $AGENTD_PROFILE; echo more > work.txt; exit 5\n" },
          branch: "main",
          message: "Begin",
        });
        await sandbox.writeConfig({
          profiles: [
            {
              name: "demo",
              base_image: await house.image("busybox"),
              repo: house.urlOf("nodes.git"),
              command: ["/bin/sh", "agent.sh"],
              // With a gateway, which is a program of its own.
              network: "allowlist",
              allow: ["example.com"],
            },
          ],
        });
        const daemon = await sandbox.startDaemon();
        const run = await sandbox.run(["run", "demo"]);
        expect([run.exitCode, run.stdout.toString()]).toEqual([5, "hello from demo"]);
        const other = /Warning: (?!.*agentd)/i;
        expect(run.stderr).not.toMatch(other);
        expect(await sandbox.runJson(["ps", "-a", "--json"])).toMatchObject([{ outcome: "work_failed" }]);
        expect((await sandbox.run(["diff", "--latest"])).stdout.toString()).toContain("+more");
        expect((await sandbox.run(["audit", "verify", "--all"])).exitCode).toBe(0);
        await daemon.stop();
        // Nothing of what Node.js or V8 say themselves.
        for (const line of daemon.log.trim().split("\n")) expect(JSON.parse(line)).toHaveProperty("msg");
      } finally {
        await sandbox.close();
        await house.close();
      }
    },
  );
});
