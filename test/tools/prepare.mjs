import { execa } from "execa";
import { prepareContainersEnvironment } from "../kit/containers-environment.mjs";
import { ensureDebianToolsImage } from "../kit/images.mjs";

/** What vitest does once before the tests: the product built, and the image with the tools made. */
export async function setup() {
  await execa({ stdio: "inherit" })`sh test/machine/build.sh`;
  await ensureDebianToolsImage(await prepareContainersEnvironment());
}
