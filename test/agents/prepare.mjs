import { execa } from "execa";
import { prepareContainersEnvironment } from "../kit/containers-environment.mjs";

/** What vitest does once before the tests: the product built, and the kit's Podman made. Images are the tests' own work. */
export async function setup() {
  await execa({ stdio: "inherit" })`sh test/machine/build.sh`;
  await prepareContainersEnvironment();
}
