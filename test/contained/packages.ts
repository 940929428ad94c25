/** The packages of the sources that are here, as `prepare.mjs` makes them. */
import { readdir } from "node:fs/promises";
import { join, resolve } from "node:path";

export const CHECKOUT = resolve(import.meta.dirname, "../..");
export const PACKAGES = join(CHECKOUT, "packages");

/** The name of the package for Debian. */
export async function debianPackage(): Promise<string> {
  const name = (await readdir(PACKAGES)).find((each) => each.endsWith("_all.deb"));
  if (name === undefined) throw new Error(`${PACKAGES} has no package for Debian`);
  return name;
}
