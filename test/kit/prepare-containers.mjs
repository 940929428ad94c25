/**
 * What vitest does once before tests that use Podman: the product built, the kit's Podman and its images made.
 */
import { execa } from "execa";
import { prepareContainersEnvironment } from "./containers-environment.mjs";
import { BUSYBOX, ensureBusyboxImage, ensureDebianGitImage, USER_1000 } from "./images.mjs";

export async function setup() {
  await execa({ stdio: "inherit" })`sh test/machine/build.sh`;
  const environment = await prepareContainersEnvironment();
  await ensureBusyboxImage(environment, BUSYBOX);
  await ensureBusyboxImage(environment, USER_1000);
  await ensureDebianGitImage(environment);
}
