/**
 * One session that lives through many daemons.
 */
import { readSession } from "../kit/records.mjs";
import { inArena } from "./arena.mjs";
import { judge, leaks } from "./judgement.mjs";
import { firstProcess } from "./victims.mjs";

/** @typedef {import("./arena.mjs").Arena} Arena */
/** @typedef {import("./arena.mjs").Ground} Ground */

/**
 * Also a contract: `--json` writes it as it is.
 *
 * @typedef {object} Restarts
 * @property {number} restarts After a SIGKILL each.
 * @property {number} starts Of the command.
 * @property {string} first_process Its pid and start time, the same all the time.
 * @property {string} outcome
 * @property {string[]} leaks
 * @property {string[]} wrong
 */

const EXIT_CODE = 5;

/**
 * @param {Ground} ground
 * @param {number} count
 * @param {(text: string) => void} progress
 * @returns {Promise<Restarts>}
 */
export async function restartOften(ground, count, progress) {
  return await inArena(ground, async (arena) => {
    let daemon = await arena.startDaemon();
    await arena.run(EXIT_CODE);
    await arena.commandStarted();
    const process = await firstProcess(arena);
    /** @type {string[]} */
    const wrong = [];
    for (let restart = 1; restart <= count; restart++) {
      await daemon.kill();
      daemon = await arena.startDaemon();
      const now = await firstProcess(arena);
      if (now !== process) wrong.push(`after restart ${restart} the first process is ${now}`);
      if (restart % 20 === 0) progress(`${restart} restarts`);
    }
    await arena.letGo();
    await arena.allSealed();
    const judged = await judge(arena, EXIT_CODE);
    if (judged.fate !== "command") wrong.push(judged.fate);
    const outcome = String((await readSession((await arena.records())[0] ?? "")).outcome);
    await daemon.stop();
    return {
      restarts: count,
      starts: judged.starts,
      first_process: process,
      outcome,
      leaks: await leaks(arena),
      wrong: [...wrong, ...judged.wrong],
    };
  });
}
