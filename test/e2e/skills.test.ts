/** Skills that a profile takes from a repository of git. */
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { createSandbox, type Sandbox } from "../kit/agentd.mjs";
import { type GitServer, startGitServer } from "../kit/git-server.mjs";
import { BUSYBOX, ensureBusyboxImage } from "../kit/images.mjs";
import { git, makeRepository } from "../kit/repositories.mjs";

let sandbox: Sandbox;
let server: GitServer;

beforeEach(async () => {
  sandbox = await createSandbox();
  server = await startGitServer(sandbox.directory);
});
afterEach(async () => {
  await server.close();
  await sandbox.close();
});

/** An agent that shows its skills. */
async function defineAgent(): Promise<void> {
  const agents = join(sandbox.directory, "config", "agentd", "agents");
  await mkdir(agents, { recursive: true });
  const image = await ensureBusyboxImage(sandbox.containers, BUSYBOX);
  await writeFile(
    join(agents, "reader.toml"),
    `description = "Reads its skills"
skills = "~/.reader/skills"
[profile]
base_image = "${image}"
command = ["/bin/sh", "-c", "cd ~/.reader/skills && find . -type f | sort | xargs cat"]
network = "none"
`,
  );
}

async function runWith(skill: string) {
  await sandbox.writeConfig(
    `[[profiles]]\nname = "reader"\nagent = "reader"\nworkspace = "empty"\nskills = ["${skill}"]\n`,
  );
  await sandbox.startDaemon();
  const run = await sandbox.run(["run", "reader"]);
  const document = JSON.parse((await sandbox.run(["show", "reader", "--json"])).stdout.toString()) as unknown;
  return { ...run, document };
}

describe("a skill of a repository", () => {
  it("is in the home as the ref has it, and the record says which commit that was", async () => {
    await defineAgent();
    const repository = join(sandbox.directory, "skills.git");
    const commit = await makeRepository(repository, {
      files: { "review/SKILL.md": "review kindly\n", "other/SKILL.md": "other\n" },
    });
    await git(repository, ["tag", "v1"]);
    const url = `${server.url}/skills.git`;
    const { stdout, document } = await runWith(`${url}#v1:review`);
    expect(stdout.toString()).toBe("review kindly");
    expect(document).toMatchObject({
      outcome: "success",
      home_files: [
        {
          target: "~/.reader/skills/review",
          repo_url: url,
          commit,
          sha256: expect.stringMatching(/^[0-9a-f]{64}$/) as string,
        },
      ],
    });
  });

  it("that cannot be fetched fails the launch before anything runs", async () => {
    await defineAgent();
    await makeRepository(join(sandbox.directory, "skills.git"));
    const url = `${server.url}/skills.git`;
    const { document } = await runWith(`${url}#v9`);
    expect(document).toMatchObject({
      ...{ outcome: "launch_failed", stage: "mounts", start_timestamp: null },
      cause: expect.stringContaining(`check out v9 of ${url}`) as string,
    });
  });
});
