/**
 * `npm run package`: makes a package for Debian and Ubuntu and a tarball for npm, of the sources that are here.
 *
 * Usage: main.mjs [--out DIRECTORY]
 *
 * AGENTD_MAINTAINER is who answers for the package for Debian, as `Name <address>`; default: the author of package.json.
 */
import { mkdir } from "node:fs/promises";
import { join, resolve } from "node:path";
import { parseArgs } from "node:util";
import { execa } from "execa";
import { makeDebianPackage } from "./debian-package.mjs";

const CHECKOUT = join(import.meta.dirname, "..");

const { values } = parseArgs({ options: { out: { type: "string", default: "packages" } } });
const out = resolve(values.out);
const maintainer = process.env["AGENTD_MAINTAINER"];
if (maintainer !== undefined && !/^[^<>\n]+ <[^<>\s@]+@[^<>\s@]+>$/.test(maintainer)) {
  process.stderr.write(
    `agentd: AGENTD_MAINTAINER is ${JSON.stringify(maintainer)}; write it as "Name <name@example.org>"\n`,
  );
  process.exit(2);
}
await mkdir(out, { recursive: true });

await execa("node", ["build.config.mjs"], { cwd: CHECKOUT, stdio: "inherit" });
const { stdout } = await execa("npm", ["pack", "--json", "--ignore-scripts", "--pack-destination", out], {
  cwd: CHECKOUT,
});
const [{ filename }] = JSON.parse(stdout);
const tarball = join(out, filename);
process.stdout.write(`${tarball}\n`);
process.stdout.write(`${await makeDebianPackage({ tarball, out, maintainer })}\n`);
