import { delimiter } from "node:path";
import { execa } from "execa";

/**
 * Where a program is that may be in a directory to which an ordinary user's PATH does not lead, such as sshd.
 *
 * @param {string} program
 * @returns {Promise<string>} An absolute path.
 */
export async function findProgram(program) {
  const PATH = [process.env["PATH"], "/usr/sbin"].join(delimiter);
  const { stdout } = await execa({ env: { PATH }, shell: true, reject: false })`command -v ${program}`;
  if (stdout === "")
    throw new Error(`${program} is missing: install it; test/machine/packages.sh has the packages`);
  return stdout;
}
