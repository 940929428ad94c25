/**
 * What the quickstart needs for its session: an image with git, a repository, a configuration.
 */
import { readFile, rm } from "node:fs/promises";
import { join } from "node:path";
import { ensureDebianGitImage } from "../../test/kit/images.mjs";
import { podman } from "../../test/kit/podman.mjs";
import { makeRepository } from "../../test/kit/repositories.mjs";

/** @typedef {import("../../test/kit/agentd.mjs").Sandbox} Sandbox */

const PUBLIC_IMAGE = "docker.io/alpine/git:latest";

/** The variable of the demo credential, in the daemon and in the session. */
export const CREDENTIAL = "DEMO_TOKEN";

/**
 * Makes an image with git from Debian's packages; if that fails, pulls a small public one.
 *
 * @param {Sandbox} sandbox
 * @param {(text: string) => void} say
 * @returns {Promise<string>} The image's reference.
 */
export async function demoImage({ containers }, say) {
  try {
    return await ensureDebianGitImage(containers);
  } catch (error) {
    say(`cannot build the image here: ${firstLine(error)}`);
    say(`pulling ${PUBLIC_IMAGE} instead`);
    await podman(containers, ["pull", "--quiet", PUBLIC_IMAGE]);
    return PUBLIC_IMAGE;
  }
}

/**
 * Makes the repository with the agent in it, replacing an earlier one.
 *
 * @param {string} root The git server's directory.
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
source = "${CREDENTIAL}" # a variable of the daemon; no file has its value
`;
}

/** @param {unknown} error */
function firstLine(error) {
  return (error instanceof Error ? error.message : String(error)).split("\n", 1)[0];
}
