/**
 * What the quickstart needs to have something to run: an image with git, a repository, a configuration.
 */
import { readFile, rm } from "node:fs/promises";
import { join } from "node:path";
import { ensureDebianGitImage } from "../../test/kit/images.mjs";
import { podman } from "../../test/kit/podman.mjs";
import { makeRepository } from "../../test/kit/repositories.mjs";

/** @typedef {import("../../test/kit/agentd.mjs").Sandbox} Sandbox */

const PUBLIC_IMAGE = "docker.io/alpine/git:latest";

/** The daemon's variable that holds the demo credential, and what the agent sees. */
export const CREDENTIAL = "DEMO_TOKEN";

/**
 * Makes an image with git from Debian's packages; where that is impossible, pulls a small public one.
 *
 * @param {Sandbox} sandbox
 * @param {(text: string) => void} say
 * @returns {Promise<string>} Its reference.
 */
export async function demoImage({ containers }, say) {
  try {
    return await ensureDebianGitImage(containers);
  } catch (error) {
    say(`cannot make it here: ${firstLine(error)}`);
    say(`pulling ${PUBLIC_IMAGE} instead`);
    await podman(containers, ["pull", "--quiet", PUBLIC_IMAGE]);
    return PUBLIC_IMAGE;
  }
}

/**
 * Makes the repository with the agent in it, anew each time.
 *
 * @param {string} root Where the git server looks.
 */
export async function demoRepository(root) {
  const path = join(root, "demo.git");
  await rm(path, { recursive: true, force: true });
  await makeRepository(path, {
    message: "Teach the agent to greet",
    files: {
      "README.md": "# Demo\n",
      "agent.sh": { content: await readFile(new URL("agent.sh", import.meta.url)), mode: 0o755 },
    },
  });
}

/**
 * The configuration of the demo: one profile.
 *
 * @param {{ image: string, repository: string }} demo
 */
export function demoConfig({ image, repository }) {
  return `# Written by the quickstart. examples/agentd.toml explains every key.
[[profiles]]
name = "demo"
base_image = "${image}"
repo = "${repository}"
command = ["sh", "agent.sh"]
timeout = "5m"

[[profiles.credentials]]
name = "${CREDENTIAL}"
source = "${CREDENTIAL}" # a variable of the daemon; the value is in no file
`;
}

/** @param {unknown} error */
function firstLine(error) {
  return (error instanceof Error ? error.message : String(error)).split("\n", 1)[0];
}
