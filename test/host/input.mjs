/**
 * What a boot gets along with it: the packed product, an image for containers, the scenarios and which of them to run.
 */
import { cp, mkdir, rename, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { execa } from "execa";
import { makeBusyboxTar } from "../kit/images.mjs";

/** @typedef {import("./plan.mjs").Step} Step */

const CHECKOUT = fileURLToPath(new URL("../..", import.meta.url));
const TESTS = join(CHECKOUT, "test");

/**
 * Collects what does not change between boots.
 *
 * @param {string} directory Is made anew.
 */
export async function collectInput(directory) {
  await rm(directory, { recursive: true, force: true });
  await mkdir(directory, { recursive: true });
  await packProduct(directory);
  await makeBusyboxTar(join(directory, "busybox.tar"));
  for (const name of ["host/guest", "host/scenarios", "kit/until.mjs"]) {
    await cp(join(TESTS, name), join(directory, name), { recursive: true });
  }
}

/**
 * Writes the disk for one boot.
 *
 * @param {string} directory That of `collectInput`.
 * @param {readonly Step[] | "shell"} steps
 * @param {string} disk
 */
export async function writeInputDisk(directory, steps, disk) {
  await writeFile(join(directory, "host", "steps.json"), JSON.stringify(steps));
  await execa("tar", ["-C", directory, "-cf", disk, "."]);
}

/** As `npm publish` would, from the build that is there. @param {string} directory */
async function packProduct(directory) {
  const { stdout } = await execa(
    "npm",
    ["pack", "--json", "--ignore-scripts", "--pack-destination", directory],
    {
      cwd: CHECKOUT,
    },
  );
  const [{ filename }] = JSON.parse(stdout);
  await rename(join(directory, filename), join(directory, "agentd.tgz"));
}
