/**
 * What agentd is measured against: the same by hand, with git and podman.
 */
import { mkdtemp, rm, stat } from "node:fs/promises";
import { join } from "node:path";
import { timeCommand } from "./command.mjs";

/** @typedef {import("./rounds.mjs").Contender} Contender */
/** @typedef {import("./workshop.mjs").Workshop} Workshop */

/** The user that agentd gives every session, inside. */
export const SESSION_UID = 39_000;

/** For a git that does what it does by default. */
export const GIT_WITHOUT_CONFIGURATION = { GIT_CONFIG_GLOBAL: "/dev/null", GIT_CONFIG_NOSYSTEM: "1" };

/**
 * @param {Workshop} workshop
 * @returns {Contender}
 */
export function cloneAndPodmanRun({ sandbox, image, repository, podman }) {
  const env = { ...sandbox.env, ...GIT_WITHOUT_CONFIGURATION };
  const script = 'git clone --quiet "$1" "$2" && shift 2 && exec podman run --rm "$@"';
  return {
    name: "git clone && podman run --rm -v",
    sample: async () => {
      const parent = await mkdtemp(join(sandbox.directory, "by-hand-"));
      const clone = join(parent, "repo");
      const mount = ["--volume", `${clone}:/repo`, "--workdir", "/repo"];
      const run = [...asSessionUser(podman), ...mount, image, "test", "-f", "src/part-0.txt"];
      const { durationMs } = await timeCommand(
        ["sh", "-c", script, "sh", repository.url, clone, ...run],
        env,
      );
      await stat(join(clone, ".git"));
      await rm(parent, { recursive: true });
      return durationMs;
    },
  };
}

/**
 * @param {Workshop} workshop
 * @returns {Contender}
 */
export function podmanRun({ sandbox, image, podman }) {
  return {
    name: "podman run --rm",
    sample: async () => {
      const command = /** @type {const} */ (["podman", "run", "--rm"]);
      const { durationMs } = await timeCommand(
        [...command, ...asSessionUser(podman), image, "true"],
        sandbox.env,
      );
      return durationMs;
    },
  };
}

/**
 * Options of `podman run` for the user and the id mapping of a session: root of the user namespace is the user's first
 * subordinate id, and the session user is the user.
 *
 * @param {Workshop["podman"]} info
 */
function asSessionUser(info) {
  const { uidmap, gidmap } = idMaps(info);
  const options = (/** @type {string} */ name, /** @type {readonly IdRange[]} */ ranges) =>
    ranges.flatMap(({ container_id: inside, host_id: outside, size }) => [
      name,
      `${inside}:${outside}:${size}`,
    ]);
  return [
    ...options("--uidmap", uidmap),
    ...options("--gidmap", gidmap),
    ...["--user", `${SESSION_UID}:${SESSION_UID}`],
  ];
}

/** @typedef {{ container_id: number, host_id: number, size: number }} IdRange */

/**
 * How the ids of a session are mapped.
 *
 * @param {Workshop["podman"]} info
 */
export function idMaps({ host }) {
  const { uidmap, gidmap } = host.idMappings;
  return { uidmap: idRanges(uidmap), gidmap: idRanges(gidmap) };
}

/**
 * @param {readonly { size: number }[]} map How Podman maps the ids of this user: first itself, then the subordinate ones.
 * @returns {IdRange[]}
 */
function idRanges(map) {
  const subordinate = map.slice(1).reduce((sum, { size }) => sum + size, 0);
  const rest = subordinate - SESSION_UID;
  const after = SESSION_UID + 1;
  return [
    { container_id: 0, host_id: 1, size: SESSION_UID },
    { container_id: SESSION_UID, host_id: 0, size: 1 },
    ...(rest > 0 ? [{ container_id: after, host_id: after, size: rest }] : []),
  ];
}
