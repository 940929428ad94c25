/** The operator's own agent, as docs/agents.md shows it: a shell script, in ten lines. */
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { execa } from "execa";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { AGENTD, createSandbox, type Sandbox } from "../kit/agentd.mjs";
import { BUSYBOX, ensureBusyboxImage } from "../kit/images.mjs";
import { codeBlocks, page } from "../kit/markdown.ts";
import { makeRepository } from "../kit/repositories.mjs";

const SECTION = "## An agent of your own";

let sandbox: Sandbox;

beforeEach(async () => {
  sandbox = await createSandbox();
});
afterEach(async () => {
  await sandbox.close();
});

describe("an agent of the operator's own", () => {
  it("works as it is written; an image and a repository of this host stand for those of the network", async () => {
    const [definition = "", profile = ""] = codeBlocks(page("agents.md"), "toml", SECTION);
    const [commands = ""] = codeBlocks(page("agents.md"), "sh", SECTION);
    expect(definition.trim().split("\n").length).toBeLessThanOrEqual(10);
    const agents = join(sandbox.directory, "config", "agentd", "agents");
    await mkdir(agents, { recursive: true });
    const image = await ensureBusyboxImage(sandbox.containers, BUSYBOX);
    await writeFile(join(agents, "todo.toml"), definition.replace("docker.io/library/debian:13", image));
    const repository = join(sandbox.directory, "site.git");
    await makeRepository(repository);
    await sandbox.writeConfig(profile.replace("https://github.com/example/site.git", repository));
    await sandbox.startDaemon();
    const { stdout, stderr, exitCode } = await execa("sh", ["-e", "-c", commands], {
      env: { ...sandbox.env, PATH: `${join(AGENTD, "..")}:${process.env["PATH"] ?? ""}` },
      extendEnv: false,
      reject: false,
    });
    expect({ exitCode, stderr }).toMatchObject({ exitCode: 0 });
    expect(stdout).toMatch(/^noted$/m);
    const { stdout: patch } = await sandbox.run(["diff", "notes"]);
    expect(patch.toString()).toContain("+++ b/TODO.md\n@@ -0,0 +1 @@\n+- Water the plants");
  });
});
