import { mkdir, readFile, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { execa } from "execa";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { nextSteps } from "../../examples/quickstart/next-steps.mjs";
import { createSandbox, type Sandbox } from "../kit/agentd.mjs";
import { BUSYBOX, ensureBusyboxImage } from "../kit/images.mjs";
import { makeRepository } from "../kit/repositories.mjs";

const CHECKOUT = fileURLToPath(new URL("../..", import.meta.url));

let sandbox: Sandbox;
let home: string;

beforeEach(async () => {
  sandbox = await createSandbox();
  home = join(sandbox.directory, "home");
});
afterEach(async () => {
  await sandbox.close();
});

/** What the quickstart says to type, each command as it is printed. */
function typed(): string[] {
  const text = nextSteps({
    ...{ user: "demo", checkout: CHECKOUT, home, node: dirname(process.execPath) },
    runtimeDirectory: sandbox.containers.runtimeDirectory,
  });
  return [...text.matchAll(/^ {2}(\S.*)$/gm)].map(([, command = ""]) => command);
}

/**
 * A login without systemd, in which nothing is set but where Podman's storage of the tests is, and a socket that no other
 * test has.
 */
async function type(commands: readonly string[]) {
  const { variables } = sandbox.containers;
  return await execa("sh", ["-c", [...commands, "kill -TERM %1 2>/dev/null || kill $!", "wait"].join("\n")], {
    env: {
      PATH: process.env["PATH"],
      ...variables,
      XDG_RUNTIME_DIR: undefined,
      HOME: home,
      AGENTD_SOCKET: sandbox.socketPath,
    },
    extendEnv: false,
    reject: false,
  });
}

describe("what the quickstart says to type next", () => {
  it("brings the first configuration to its place", async () => {
    const commands = typed();
    const { stdout } = await type(commands.filter((command) => !/daemon|until|doctor|run /.test(command)));
    expect(stdout).toMatch(/profiles +hello/);
    const file = join(home, ".config", "agentd", "agentd.toml");
    expect(await readFile(file, "utf8")).toBe(
      await readFile(join(CHECKOUT, "examples", "first.toml"), "utf8"),
    );
  });

  it("runs the first session, without systemd; an image and a repository of this host stand for those of the network", async () => {
    const repository = join(sandbox.directory, "hello.git");
    await makeRepository(repository, { files: { "README.md": "hello" } });
    const first = await readFile(join(CHECKOUT, "examples", "first.toml"), "utf8");
    const image = await ensureBusyboxImage(sandbox.containers, BUSYBOX);
    await mkdir(join(home, ".config", "agentd"), { recursive: true });
    await writeFile(
      join(home, ".config", "agentd", "agentd.toml"),
      first
        .replace("docker.io/library/busybox:latest", image)
        .replace("https://github.com/octocat/Hello-World.git", repository),
    );
    const { stdout, stderr } = await type(typed());
    expect(stdout).toContain('agent = "codex"');
    // The tests of real agents may have left its image.
    expect(stdout).toMatch(/agentd image build codex|\d\. agentd config check/);
    expect(stdout, stderr).toContain("hello from hello, who works on:\nREADME.md");
    expect(stderr).toMatch(/session \w+ success in/);
  });
});
