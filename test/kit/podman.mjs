/**
 * What tests ask Podman, besides agentd and behind its back.
 */
import { execa } from "execa";

/** @typedef {import("./containers-environment.mjs").ContainersEnvironment} ContainersEnvironment */

/**
 * A container as `podman ps --format json` shows it; more fields than these.
 *
 * @typedef {{ Id: string, Names: string[], State: string, Labels: Record<string, string> }} Container
 */

/**
 * Runs podman on the kit's storage.
 *
 * @param {ContainersEnvironment} environment
 * @param {readonly string[]} args
 * @returns {Promise<string>} Its standard output.
 */
export async function podman(environment, args) {
  const { stdout } = await execa("podman", args, { env: environment.variables });
  return stdout;
}

/**
 * The containers of one agentd instance, in any state.
 *
 * @param {ContainersEnvironment} environment
 * @param {string} instance
 * @returns {Promise<Container[]>}
 */
export async function containersOf(environment, instance) {
  const filter = `label=io.agentd.instance=${instance}`;
  return JSON.parse(await podman(environment, ["ps", "--all", "--format", "json", "--filter", filter]));
}

/**
 * The containers of one agentd instance that run sessions, in any state: not those that look into images.
 *
 * @param {ContainersEnvironment} environment
 * @param {string} instance
 */
export async function sessionContainersOf(environment, instance) {
  return (await containersOf(environment, instance)).filter(isOfASession);
}

/** @param {Container} container Of agentd. */
export function isOfASession({ Labels, Names }) {
  if (Labels["io.agentd.session"] !== undefined) return true;
  // One that waited keeps its label, and has the session's name.
  return (
    Labels["io.agentd.warm"] !== undefined &&
    Names.some((name) => /^agentd-[0-9a-f]{8}-[0-9a-f]{16}$/.test(name))
  );
}

/** @param {Container} container Of agentd. */
export function isWaiting(container) {
  return container.Labels["io.agentd.warm"] !== undefined && !isOfASession(container);
}

/**
 * Everything Podman knows about a container.
 *
 * @param {ContainersEnvironment} environment
 * @param {string} container Its id or name.
 * @returns {Promise<any>}
 */
export async function inspectContainer(environment, container) {
  return JSON.parse(await podman(environment, ["inspect", "--type", "container", container]))[0];
}

/**
 * The names of the volumes of one agentd instance.
 *
 * @param {ContainersEnvironment} environment
 * @param {string} instance
 * @returns {Promise<string[]>}
 */
export async function volumesOf(environment, instance) {
  const filter = `label=io.agentd.instance=${instance}`;
  const names = await podman(environment, ["volume", "ls", "--quiet", "--filter", filter]);
  return names === "" ? [] : names.split("\n");
}

/**
 * Removes the containers that are left of an instance, for the end of a test.
 *
 * @param {ContainersEnvironment} environment
 * @param {string} instance
 */
export async function removeContainersOf(environment, instance) {
  const ids = (await containersOf(environment, instance)).map((container) => container.Id);
  if (ids.length > 0)
    await podman(environment, ["rm", "--force", "--ignore", "--time=0", "--volumes", ...ids]);
}

/**
 * Removes the volumes that are left of an instance, for the end of a test.
 *
 * @param {ContainersEnvironment} environment
 * @param {string} instance
 */
export async function removeVolumesOf(environment, instance) {
  const volumes = await volumesOf(environment, instance);
  if (volumes.length > 0) await podman(environment, ["volume", "rm", "--force", ...volumes]);
}
