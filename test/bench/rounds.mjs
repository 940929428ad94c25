/**
 * Takes samples of several contenders in turn, so that what disturbs the machine for a while disturbs all of them.
 */

/**
 * @typedef {object} Contender
 * @property {string} name As the report calls it.
 * @property {() => Promise<number>} sample Runs it once, makes sure that it worked, and says how many milliseconds it
 *   took; checks and tidying do not count.
 */

/**
 * Samples by contender's name, in milliseconds; the n-th samples of all were taken in one round.
 *
 * @typedef {Readonly<Record<string, readonly number[]>>} Samples
 */

/** Rounds that fill caches and count for nothing. */
const WARM_UPS = 3;

/**
 * @param {readonly Contender[]} contenders
 * @param {import("./measurements.mjs").Options & { warmUps?: number }} options
 * @returns {Promise<Samples>}
 */
export async function sampleInTurn(contenders, { rounds, progress, signal, warmUps = WARM_UPS }) {
  /** @type {Record<string, number[]>} */
  const samples = Object.fromEntries(contenders.map(({ name }) => [name, []]));
  for (let round = 1 - warmUps; round <= rounds; round += 1) {
    progress(round < 1 ? "warming up" : `round ${round} of ${rounds}`);
    for (const { name, sample } of contenders) {
      signal.throwIfAborted();
      const durationMs = await sample();
      if (round >= 1) samples[name]?.push(durationMs);
    }
  }
  return samples;
}
