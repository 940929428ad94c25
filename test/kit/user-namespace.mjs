/**
 * Podman's user namespace, which a dead pause process or containers that died without Podman's knowledge make unusable:
 * that is how a machine looks after all processes of the user were killed.
 */
import { execa } from "execa";

/** What Podman says itself to do about it; it exits with 125 where one of the containers had died, and has done its work. */
const RENEW = "podman system migrate";

/**
 * Makes the namespace anew where Podman asks for it. It stops the user's containers, which are dead in this case.
 *
 * @param {NodeJS.ProcessEnv} variables The environment that leads to the Podman in question.
 * @throws {Error} With Podman's words, where it does not work after that, either.
 */
export async function openUserNamespace(variables) {
  const podman = execa({ env: variables });
  const opened = await podman({ reject: false })`podman info --format {{.Host.Arch}}`;
  if (!opened.failed && !opened.stderr.includes(RENEW)) return;
  if (!opened.stderr.includes(RENEW)) throw new Error(`Podman does not work: ${opened.stderr}`);
  await podman({ reject: false })`podman system migrate`;
  await podman`podman info --format {{.Host.Arch}}`;
}
