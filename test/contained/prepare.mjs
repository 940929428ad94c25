import { execa } from "execa";
import { prepareContainersEnvironment } from "../kit/containers-environment.mjs";
import { BUSYBOX, ensureBusyboxImage, ensureDebianHostImage } from "../kit/images.mjs";

/** What vitest does once before the tests: the product built and packed, and the images made. */
export async function setup() {
  await execa({ stdio: "inherit" })`sh test/machine/build.sh`;
  await execa("node", ["packaging/main.mjs"]);
  const environment = await prepareContainersEnvironment();
  await ensureBusyboxImage(environment, BUSYBOX);
  await ensureDebianHostImage(environment);
}
