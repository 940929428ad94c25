import { execa } from "execa";
import { prepareContainersEnvironment } from "../kit/containers-environment.mjs";
import { ensureDebianAgentsImage } from "../kit/images.mjs";
import { installAgents } from "./install.mjs";

/** What vitest does once before the tests: the product built, the image made, and the agents installed. */
export async function setup() {
  await execa({ stdio: "inherit" })`sh test/machine/build.sh`;
  await ensureDebianAgentsImage(await prepareContainersEnvironment());
  await installAgents();
}
