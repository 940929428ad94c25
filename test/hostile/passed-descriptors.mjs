import { join } from "node:path";
import { CHANNELS, withTwoSessions } from "./two-sessions.mjs";

/** @typedef {import("./two-sessions.mjs").TwoSessions} TwoSessions */
/** @typedef {import("./two-sessions.mjs").Passed} Passed */
/** @typedef {import("./main.mjs").Attempt} Attempt */

/**
 * An attack with descriptors of a session that has ended, over each channel as often as there are rounds.
 *
 * @param {object} attack
 * @param {readonly Passed[]} attack.passed
 * @param {"running" | "sealed"} attack.from Whether links are put from the moment in which the descriptors are passed,
 *   or only when the session is sealed.
 * @param {(sessions: TwoSessions, id: string) => Promise<string[]>} [attack.work] What agentd is then asked to do;
 *   returns what came out wrong.
 * @returns {(attempt: Attempt) => Promise<string[]>}
 */
export function passedDescriptors({ passed, from, work = async () => [] }) {
  return async ({ rounds, say }) => {
    /** @type {string[]} */
    const wrong = [];
    for (const channel of CHANNELS) {
      await withTwoSessions(channel, async (sessions) => {
        for (let round = 1; round <= rounds; round += 1) {
          if (from === "running") await sessions.letSwap();
          else await sessions.holdSwap();
          /** @type {string[]} */
          const found = [];
          try {
            const id = await sessions.pass(passed);
            await sessions.letSwap();
            found.push(...(await work(sessions, id)));
          } catch (error) {
            found.push(String(error));
          }
          found.push(...(await sessions.harm()));
          wrong.push(...found.map((each) => `${channel}, round ${round}: ${each}`));
          say(`${channel}, round ${round}: ${found.length === 0 ? "held" : "FAILED"}`);
        }
      });
    }
    return wrong;
  };
}

/**
 * Runs a command that must succeed.
 *
 * @param {TwoSessions} sessions
 * @param {readonly string[]} args
 */
export async function mustSucceed({ sandbox }, args) {
  const { exitCode, stdout, stderr } = await sandbox.run(args);
  return exitCode === 0 ? [] : [`agentd ${args.join(" ")} exited ${exitCode}: ${stdout.toString()}${stderr}`];
}

/**
 * Where an archive of a record goes.
 *
 * @param {TwoSessions} sessions
 * @param {string} id
 */
export function archivePath({ sandbox }, id) {
  return join(sandbox.directory, `${id}.tar.gz`);
}
