import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { BUSYBOX, imageReference } from "../../kit/images.mjs";
import { podman } from "../../kit/podman.mjs";
import { withOneSession } from "../one-session.mjs";

export const name = "forged-container";

export const expectation =
  "a container with the labels and the name of a session is never taken for it: the outcome is that of its own container, or interrupted";

const SCRIPT = "until [ -e .runa/go ]; do sleep 0.1; done; exit 5";

/** @returns {Promise<string[]>} */
export async function run() {
  return await withOneSession({ script: SCRIPT }, async (victim) => {
    const there = await forge(victim, { isGone: false, expected: "work_failed 5" });
    const gone = await forge(victim, { isGone: true, expected: "interrupted null" });
    return [...there, ...gone];
  });
}

/**
 * While no daemon lives, somebody makes a container that says it is the session, and that has ended well.
 *
 * @param {import("../one-session.mjs").OneSession} victim
 * @param {{ isGone: boolean, expected: string }} attack Whether the session's own container is removed before, and what
 *   the session has to come to.
 * @returns {Promise<string[]>}
 */
async function forge(victim, { isGone, expected }) {
  const { containers } = victim.sandbox;
  const id = await victim.start();
  await victim.running(id);
  const [own, ...others] = await victim.containers();
  if (own === undefined || others.length > 0) throw new Error("the session has not one container");
  await victim.killDaemon();
  if (isGone) await podman(containers, ["rm", "--force", "--time=0", own.Id]);
  const labels = Object.entries(own.Labels).flatMap(([key, value]) => ["--label", `${key}=${value}`]);
  const [taken = ""] = own.Names;
  const called = isGone ? taken : `${taken}-again`;
  const image = imageReference(BUSYBOX);
  await podman(containers, ["run", "--network=none", ...labels, "--name", called, image, "true"]);
  await writeFile(join(victim.record(id), "runa", "go"), "");
  await victim.startDaemonAgain();
  const { outcome, exit_code: code } = await victim.ended(id);
  await podman(containers, ["rm", "--force", "--ignore", "--time=0", called]);
  if (`${outcome} ${code}` === expected) return [];
  return [
    `with its container ${isGone ? "gone" : "there"} it came to ${outcome} ${code}, not to ${expected}`,
  ];
}
