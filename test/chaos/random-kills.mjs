/**
 * Sessions come and go while daemons and their services are killed at random.
 */
import { basename } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { feedFaults } from "../kit/feed.mjs";
import { readJournal, readSession } from "../kit/records.mjs";
import { inArena } from "./arena.mjs";
import { fateOf, leaks, outliveMirrorLocks, wrongStarts } from "./judgement.mjs";
import { killService } from "./victims.mjs";

/** @typedef {import("./arena.mjs").Arena} Arena */
/** @typedef {import("./arena.mjs").Ground} Ground */

/**
 * Also a contract: `--json` writes it as it is.
 *
 * @typedef {object} RandomKills
 * @property {number} minutes
 * @property {number} daemon_kills
 * @property {number} service_kills
 * @property {number} sessions
 * @property {Record<string, number>} fates How many sessions came to each.
 * @property {string[]} leaks
 * @property {string[]} wrong
 */

const EXIT_CODES = [0, 5, 6];
const MAX_SESSIONS = 3;
/** As often a session is begun whose daemons do not survive it. */
const MOST_STARTS = 5;
/** Asked for at a time, and not before those have a record. */
const MOST_OPEN = 6;
const SHORTEST_PAUSE_MS = 100;
const LONGEST_PAUSE_MS = 4_000;

const AGENT = `
echo start >> /host/$AGENTD_SESSION_ID
echo begun
sleep 1
echo done
exit $AGENTD_WORK_UNIT
`;

/**
 * @param {Ground} ground
 * @param {number} minutes
 * @returns {Promise<RandomKills>}
 */
export async function killAtRandom(ground, minutes) {
  return await inArena(ground, (arena) => rage(arena, minutes), { maxSessions: MAX_SESSIONS, script: AGENT });
}

/**
 * @param {Arena} arena
 * @param {number} minutes
 */
async function rage(arena, minutes) {
  const over = performance.now() + minutes * 60_000;
  const isOver = () => performance.now() > over;
  const kills = { daemon_kills: 0, service_kills: 0 };
  let daemon = await arena.startDaemon();
  let told = 0;
  const asking = ask(arena, isOver, () => told++);
  while (!isOver()) {
    await sleep(SHORTEST_PAUSE_MS + Math.random() * (LONGEST_PAUSE_MS - SHORTEST_PAUSE_MS));
    if (Math.random() < 0.5) {
      await daemon.kill();
      daemon = await arena.startDaemon();
      kills.daemon_kills++;
    } else {
      await killService(arena);
      kills.service_kills++;
    }
  }
  await asking;
  await arena.allSealed();
  const result = { minutes, ...kills, ...(await judgeAll(arena, told)) };
  await daemon.stop();
  await outliveMirrorLocks(arena);
  return { ...result, leaks: await leaks(arena) };
}

/**
 * Keeps some sessions open.
 *
 * @param {Arena} arena
 * @param {() => boolean} isOver
 * @param {() => void} onAccepted
 */
async function ask(arena, isOver, onAccepted) {
  for (let asked = 0; !isOver();) {
    if ((await arena.openSessions()) >= MOST_OPEN) {
      await sleep(SHORTEST_PAUSE_MS);
      continue;
    }
    if (await arena.run(EXIT_CODES[asked++ % EXIT_CODES.length] ?? 0)) onAccepted();
  }
}

/**
 * What a session may come to whose daemon and service are killed: there are two ways to lose a command's own end.
 *
 * @param {string} record
 * @param {string} fate
 */
async function isTruth(record, fate) {
  const events = (await readJournal(record)).map(({ event }) => event);
  switch (fate) {
    case "command":
      return true;
    case "interrupted":
      // It ended while there was no daemon, before it was known whether it had everything.
      return !events.includes("handed_over");
    case "launch_failed":
      return events.filter((event) => event === "started").length >= MOST_STARTS;
    default:
      return false;
  }
}

/**
 * @param {Arena} arena
 * @param {number} told How many sessions a client was told of.
 */
async function judgeAll(arena, told) {
  const starts = await arena.starts();
  const records = await arena.records();
  /** @type {Record<string, number>} */
  const fates = {};
  /** @type {string[]} */
  const wrong = [];
  for (const record of records) {
    const document = await readSession(record);
    const fate = fateOf(document, Number(document.work_unit));
    fates[fate] = (fates[fate] ?? 0) + 1;
    const faults = wrongStarts(fate, starts.get(basename(record)) ?? 0);
    if (!(await isTruth(record, fate))) faults.push(`${fate}: ${document.cause}`);
    wrong.push(...faults.map((fault) => `${basename(record)}: ${fault}`));
  }
  const all = [...records, ...(await arena.followers())];
  wrong.push(...(await feedFaults(arena.sandbox.stateDirectory, all)));
  if (records.length < told) wrong.push(`${told} sessions were accepted and ${records.length} have a record`);
  const { exitCode, stdout, stderr } = await arena.sandbox.run(["audit", "verify", "--all"]);
  if (exitCode !== 0) wrong.push(`audit verify: ${stdout.toString()}${stderr}`);
  return { sessions: records.length, fates, wrong };
}
