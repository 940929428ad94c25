/**
 * Finds what is to be killed, kills it, and waits until it is dead.
 */
import { readFile } from "node:fs/promises";
import { containersOf, inspectContainer, isOfASession, podman, sessionContainersOf } from "../kit/podman.mjs";
import { processesWith, sendSignal } from "../kit/processes.mjs";
import { gatewayOf, untilLong } from "./arena.mjs";

/** @typedef {import("./arena.mjs").Arena} Arena */
/** @typedef {import("./expectations.mjs").Victim} Victim */

/**
 * @param {Arena} arena
 * @param {Victim} victim
 * @param {number} daemonPid
 * @param {boolean} mayBeGone Whether the session's container may be removed already.
 */
export async function kill(arena, victim, daemonPid, mayBeGone) {
  switch (victim) {
    case "daemon": {
      await killHard([daemonPid]);
      return;
    }
    case "service": {
      await killService(arena);
      return;
    }
    case "conmon": {
      await killHard([(await runningContainer(arena)).State.ConmonPid]);
      return;
    }
    case "first": {
      await killHard([(await runningContainer(arena)).State.Pid]);
      return;
    }
    case "removed": {
      await removeContainer(arena, isOfASession, mayBeGone);
      return;
    }
    case "gateway": {
      await killGateway(arena);
      return;
    }
    case "visitor": {
      await removeContainer(arena, isVisitors);
      return;
    }
  }
}

/** @param {Arena} arena */
export async function killService({ instance }) {
  const pids = await untilLong("the Podman service", async () => {
    const found = await processesWith(`/agentd/${instance}/podman.sock`);
    return found.length > 0 && found;
  });
  await killHard(pids);
}

/** @param {Arena} arena */
async function killGateway({ instance }) {
  const pids = await untilLong("the gateway", async () => {
    const found = await processesWith(gatewayOf(instance));
    return found.length > 0 && found;
  });
  await killHard(pids);
}

/**
 * The first process of the one container, which changes when a session is started again.
 *
 * @param {Arena} arena
 * @returns {Promise<string>} Its pid and start time.
 */
export async function firstProcess(arena) {
  const { State } = await runningContainer(arena);
  const stat = await readFile(`/proc/${State.Pid}/stat`, "utf8");
  return `${State.Pid} ${stat.slice(stat.lastIndexOf(")")).split(" ")[20]}`;
}

/** @param {Arena} arena */
async function runningContainer({ sandbox, instance }) {
  return await untilLong("a running container", async () => {
    const [container] = await sessionContainersOf(sandbox.containers, instance);
    if (container?.State !== "running") return undefined;
    return await inspectContainer(sandbox.containers, container.Id);
  });
}

/** @param {import("../kit/podman.mjs").Container} container */
function isVisitors({ Labels }) {
  return Labels["io.agentd.entered"] !== undefined;
}

/**
 * Removes one of the instance's.
 *
 * @param {Arena} arena
 * @param {(container: import("../kit/podman.mjs").Container) => boolean} isMeant
 * @param {boolean} [mayBeGone] Default: it is waited for.
 */
async function removeContainer({ sandbox, instance }, isMeant, mayBeGone = false) {
  const find = async () => (await containersOf(sandbox.containers, instance)).find(isMeant);
  const container = mayBeGone ? await find() : await untilLong("a container", find);
  if (container === undefined) return;
  const ifThere = mayBeGone ? ["--ignore"] : [];
  await podman(sandbox.containers, ["rm", "--force", ...ifThere, "--time=0", "--volumes", container.Id]);
}

/** @param {readonly number[]} pids */
async function killHard(pids) {
  for (const pid of pids) sendSignal(pid, "SIGKILL");
  await untilLong("a death by SIGKILL", async () => (await Promise.all(pids.map(isGone))).every(Boolean));
}

/** A zombie is dead enough: its parent may never ask for it. @param {number} pid */
async function isGone(pid) {
  const stat = await readFile(`/proc/${pid}/stat`, "utf8").catch(() => "");
  return stat === "" || stat.slice(stat.lastIndexOf(")") + 2).startsWith("Z");
}
