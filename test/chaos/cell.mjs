/**
 * One cell of the table: a daemon waits at a label, a victim is killed, and the session comes to its end.
 */
import { basename } from "node:path";
import { inArena, MOST_ON_DISK, VOLUMES } from "./arena.mjs";
import { isAboutWaiting, PAUSE, RESUME, THIS_SESSION } from "./expectations.mjs";
import { judge, leaks, outliveMirrorLocks } from "./judgement.mjs";
import { kill } from "./victims.mjs";

/** @typedef {import("./arena.mjs").Arena} Arena */
/** @typedef {import("./arena.mjs").Ground} Ground */
/** @typedef {import("./expectations.mjs").Row} Row */
/** @typedef {import("./expectations.mjs").Victim} Victim */
/** @typedef {import("./expectations.mjs").Fate} Fate */
/** @typedef {import("../kit/daemon.mjs").Daemon} Daemon */

/**
 * How a cell came out; also a contract: `--json` writes it as it is.
 *
 * @typedef {object} Cell
 * @property {string} label
 * @property {Victim} victim
 * @property {readonly Fate[]} expected
 * @property {string} fate
 * @property {number | null} exit_code What the command was to leave with; null where there was no victim.
 * @property {number} starts
 * @property {boolean} hit Whether a daemon came to the label.
 * @property {string[]} leaks
 * @property {string[]} wrong Why the cell is wrong; empty when it is right.
 */

/**
 * @param {Ground} ground
 * @param {Row} row
 * @param {Victim} victim
 * @param {number} code What the command is to leave with.
 * @returns {Promise<Cell>} Does not reject: what goes wrong is in it.
 */
export async function tryCell(ground, row, victim, code) {
  const expected = row.fates[victim];
  /** @type {Cell} */
  const cell = {
    label: row.label,
    victim,
    expected,
    fate: "no such victim",
    exit_code: null,
    starts: 0,
    hit: false,
    leaks: [],
    wrong: [],
  };
  if (expected.includes("no such victim")) return cell;
  cell.exit_code = code;
  try {
    const options = {
      ...(row.fills === true ? { disk: MOST_ON_DISK } : {}),
      ...(row.volumes === true ? { volumes: VOLUMES } : {}),
      ...(isAboutWaiting(row) ? { warm: /** @type {const} */ ("auto") } : {}),
      keep: row.kept === true,
    };
    await inArena(ground, (arena) => play(arena, row, cell, code), options);
    if (cell.leaks.length > 0) cell.wrong.push("leaks");
  } catch (error) {
    cell.fate = "error";
    cell.wrong.push(error instanceof Error ? error.message : String(error));
  }
  return cell;
}

/**
 * @param {Arena} arena
 * @param {Row} row
 * @param {Cell} cell Gets what is seen.
 * @param {number} code
 */
async function play(arena, row, cell, code) {
  const armed = row.recovery === true ? await leaveSession(arena, row, code) : await begin(arena, row, code);
  const pid = await comeTo(arena, row);
  cell.hit = true;
  if (row.command === "started") await arena.commandStarted();
  await kill(arena, cell.victim, pid, row.removing === true);
  if (cell.victim !== "daemon") await arena.release(row.label);
  const daemon = cell.victim === "daemon" ? await startNext(arena, armed) : await armed.daemon;
  await goOn(arena, row);
  // Not before: of an end at the gate, no daemon knows whether it was the command's.
  if (cell.expected.includes("command")) await arena.letGo();
  if (!(await armed.accepted)) cell.wrong.push("the client was not told that it was accepted");
  await arena.allSealed();
  const { fate, cause, starts, wrong } = await judge(arena, code);
  Object.assign(cell, { fate, starts });
  if (!cell.expected.some((expected) => expected === fate)) cell.wrong.push(`another outcome (${cause})`);
  cell.wrong.push(...wrong);
  if (row.kept === true) cell.wrong.push(...(await arena.removeKept()));
  await daemon.stop();
  await outliveMirrorLocks(arena);
  cell.leaks.push(...(await leaks(arena)));
}

/**
 * Has a session go on that its operator has paused, or was about to; one that goes on or has ended is left so.
 *
 * @param {Arena} arena
 * @param {Row} row
 */
async function goOn(arena, { typed }) {
  if (typed?.[0] !== "pause" && typed?.[0] !== "resume") return;
  const { exitCode, stderr } = await arena.type(await about(arena, RESUME));
  if (exitCode !== 0 && !Buffer.from(stderr).includes("session_not_running"))
    throw new Error(Buffer.from(stderr).toString());
}

/**
 * A daemon that comes to its label, and whether its client was told that the session was accepted.
 *
 * @typedef {{ daemon: Promise<Daemon>, accepted: Promise<boolean> }} Armed
 */

/**
 * Starts a session in an armed daemon.
 *
 * @param {Arena} arena
 * @param {Row} row
 * @param {number} code
 * @returns {Promise<Armed>}
 */
async function begin(arena, { label, command, warm }, code) {
  const daemon = await arena.startDaemon(label);
  if (warm === true) await arena.warmUp();
  if (command === "ended") await arena.letGo();
  return { daemon: Promise.resolve(daemon), accepted: arena.run(code) };
}

/**
 * Leaves a running session to an armed daemon, by the death of its first one.
 *
 * @param {Arena} arena
 * @param {Row} row
 * @param {number} code
 * @returns {Promise<Armed>}
 */
async function leaveSession(arena, { label }, code) {
  const first = await arena.startDaemon();
  const accepted = arena.run(code);
  await accepted;
  await arena.handedOver();
  await first.kill();
  const daemon = arena.startDaemon(label);
  daemon.catch(() => undefined); // Whoever waits for it hears of it.
  return { daemon, accepted };
}

/**
 * Has the session come to its label, where an operator has a part in it by a client that does not live to ask again.
 *
 * @param {Arena} arena
 * @param {Row} row
 */
async function comeTo(arena, { label, ordered, typed, fills, kept }) {
  if (fills === true) {
    await arena.commandStarted();
    await arena.fillDisk();
  }
  const words = ordered === true ? ["stop", "--all"] : typed;
  if (words === undefined) return await arena.hit(label);
  await arena.commandStarted();
  if (typed !== undefined) await arena.handedOver();
  if (kept === true) await arena.allSealed();
  if (typed?.[0] === "resume") await arena.type(await about(arena, PAUSE));
  const client = arena.type(await about(arena, words));
  const refused = client.then(({ exitCode, stderr }) => {
    if (exitCode !== 0) throw new Error(`${label} is not reached: ${Buffer.from(stderr).toString()}`);
  });
  const hit = arena.hit(label);
  await Promise.race([hit, refused]);
  const pid = await hit;
  client.kill("SIGKILL");
  await client;
  return pid;
}

/**
 * @param {Arena} arena
 * @param {readonly string[]} words
 * @returns {Promise<string[]>} Them, with the session that they are about.
 */
async function about(arena, words) {
  const [record = ""] = await arena.records();
  return words.map((word) => (word === THIS_SESSION ? basename(record) : word));
}

/**
 * @param {Arena} arena
 * @param {Armed} armed
 */
async function startNext(arena, armed) {
  await armed.daemon.catch(() => undefined); // Killed before it was ready.
  return await arena.startDaemon();
}
