/**
 * `npm run package`: makes a package for Debian and Ubuntu and a tarball for npm, of the sources that are here.
 *
 * Usage: main.mjs [--out DIRECTORY]
 */
import { mkdir } from "node:fs/promises";
import { join, resolve } from "node:path";
import { parseArgs } from "node:util";
import { execa } from "execa";
import { makeDebianPackage } from "./debian-package.mjs";

const CHECKOUT = join(import.meta.dirname, "..");

const { values } = parseArgs({ options: { out: { type: "string", default: "packages" } } });
const out = resolve(values.out);
await mkdir(out, { recursive: true });

await execa("node", ["build.config.mjs"], { cwd: CHECKOUT, stdio: "inherit" });
const { stdout } = await execa("npm", ["pack", "--json", "--ignore-scripts", "--pack-destination", out], {
  cwd: CHECKOUT,
});
const [{ filename }] = JSON.parse(stdout);
const tarball = join(out, filename);
process.stdout.write(`${tarball}\n`);
process.stdout.write(`${await makeDebianPackage({ tarball, out })}\n`);
