/**
 * What became of a session, and what is left of it on the host.
 */
import { readdir, readFile, stat } from "node:fs/promises";
import { join } from "node:path";
import { feedFaults } from "../kit/feed.mjs";
import { leftovers, waitingLeft } from "../kit/leftovers.mjs";
import { processesLeftOf, processesWith } from "../kit/processes.mjs";
import { readSession } from "../kit/records.mjs";
import { gatewayOf, TOKEN, untilLong } from "./arena.mjs";

/** @typedef {import("./arena.mjs").Arena} Arena */
/** @typedef {import("./expectations.mjs").Fate} Fate */

/** Somewhat more than agentd's own figure. */
const MIRROR_LOCK_STALE_MS = 12_000;

/**
 * The fate of the one session of an arena, whose command leaves with `code`.
 *
 * @param {Arena} arena
 * @param {number} code
 * @returns {Promise<{ fate: Fate | string, cause: string | null, starts: number, wrong: string[] }>} `wrong`: what no
 *   outcome allows.
 */
export async function judge(arena, code) {
  const followerRecords = await arena.followers();
  const followers = await Promise.all(followerRecords.map(readSession));
  const records = await arena.records();
  const starts = Math.max(0, ...(await arena.starts()).values());
  const [record] = records;
  if (record === undefined) throw new Error("there is no record");
  const document = await readSession(record);
  const fate = fateOf(document, code);
  const wrong = wrongStarts(fate, starts);
  if (records.length !== 1) wrong.push(`${records.length} records`);
  const { exitCode, stdout, stderr } = await arena.sandbox.run(["audit", "verify", "--all"]);
  if (exitCode !== 0) wrong.push(`audit verify: ${stdout.toString()}${stderr}`);
  // What a command did comes out, whatever became of it.
  if (document.start_timestamp !== null && document.work === null) wrong.push("its work was not exported");
  if (starts > 0 && document.published === null)
    wrong.push(`its work was not published: ${document.warnings.join(" ")}`);
  // At least once: one that ran when its daemon was killed runs again.
  const afterwards = await arena.afterwards(record);
  if (afterwards < 1 || afterwards > 2) wrong.push(`its program after the session ran ${afterwards} times`);
  wrong.push(...(await feedFaults(arena.sandbox.stateDirectory, await arena.allRecords())));
  const follows = followers.filter((each) => each.after_session === document.session_id);
  if (follows.length !== 1 || followers.length !== 1) wrong.push(`${followers.length} sessions followed it`);
  const log = await readFile(join(record, "agentd/console.log"), "utf8").catch(() => "");
  if (log.includes(TOKEN)) wrong.push("the sealed log has the value of its credential");
  // Output that was lost, such as on a full disk, may have been that value.
  if (fate === "command" && document.output_lost === false && document.redacted_values !== 1)
    wrong.push(`${document.redaction}: ${document.redacted_values} values were replaced, and not 1`);
  return { fate, cause: document.cause, starts, wrong };
}

/**
 * @param {import("../../src/session-document.ts").SessionDocument} document
 * @param {number} code
 * @returns {Fate | string} What the document says where that is no fate of the table.
 */
export function fateOf({ outcome, exit_code: exitCode, signal, stage }, code) {
  if (outcome === "launch_failed" && stage === "start") return "launch_failed";
  if (outcome === "terminated_by_signal" && signal === "SIGKILL") return "killed";
  if (outcome === "interrupted" || outcome === "cancelled" || outcome === "disk_limit_exceeded")
    return outcome;
  return exitCode === code && signal === null ? "command" : `${outcome} ${stage ?? signal ?? exitCode}`;
}

/**
 * @param {Fate | string} fate
 * @param {number} starts
 */
export function wrongStarts(fate, starts) {
  const most = fate.startsWith("launch_failed") ? 0 : 1;
  const least = fate === "command" || fate === "killed" ? 1 : 0;
  return starts < least || starts > most ? [`started ${starts} times`] : [];
}

/**
 * What sessions have left that should be gone: containers, volumes, directories, entries of the open index, FIFOs,
 * locks, processes of theirs. Call it when the daemon has ended.
 *
 * @param {Arena} arena
 */
export async function leaks({ sandbox, instance, mark }) {
  const files = await Promise.all([
    below(join(sandbox.runtimeDirectory(instance), "gates")),
    locksBelow(sandbox.cacheDirectory),
    locksBelow(sandbox.stateDirectory),
  ]);
  const processes = await processesLeftOf([`agentd-${instance}`, mark]);
  const service = await processesWith(`/agentd/${instance}/podman.sock`);
  const gateway = await processesWith(gatewayOf(instance));
  return [
    ...(await leftovers(sandbox, instance)),
    ...(await waitingLeft(sandbox, instance)),
    ...files.flat(),
    ...processes,
    ...service.map((pid) => `Podman service ${pid}`),
    ...gateway.map((pid) => `gateway ${pid}`),
  ];
}

/**
 * The lock of a mirror whose holder was killed looks held until it is stale, and the next daemon removes it then.
 *
 * @param {Arena} arena Whose daemon has ended.
 */
export async function outliveMirrorLocks(arena) {
  const locks = await locksBelow(arena.sandbox.cacheDirectory);
  if (locks.length === 0) return;
  await untilLong("a stale lock", async () => {
    const ages = locks.map(async (lock) => Date.now() - (await stat(lock)).mtimeMs);
    return (await Promise.all(ages)).every((ageMs) => ageMs > MIRROR_LOCK_STALE_MS);
  });
  await (await arena.startDaemon()).stop();
}

/** @param {string} directory */
async function below(directory) {
  const names = await readdir(directory, { recursive: true }).catch(() => []);
  return names.map((name) => join(directory, name));
}

/** @param {string} directory */
async function locksBelow(directory) {
  return (await below(directory)).filter((path) => path.endsWith(".lock"));
}
