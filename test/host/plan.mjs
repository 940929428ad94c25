/**
 * Which phases run in which boot.
 */

/** @typedef {import("./guest/scenario.mjs").Scenario} Scenario */

/**
 * One phase of one scenario.
 *
 * @typedef {object} Step
 * @property {string} scenario
 * @property {number} phase From 0 on.
 */

/**
 * As few boots as it takes: scenarios of one phase share the first; a boot that ends one phase of a longer scenario
 * goes on with the next phase, and begins the next long scenario after it. Those that come last end the last boot.
 *
 * @param {readonly Pick<Scenario, "name" | "phases" | "isLast">[]} scenarios
 * @returns {Step[][]} The steps of each boot.
 */
export function planBoots(scenarios) {
  const short = scenarios.filter(({ phases, isLast }) => phases.length === 1 && isLast !== true);
  const long = scenarios.filter(({ phases }) => phases.length > 1);
  /** @type {Step[]} */
  let boot = short.map(({ name }) => ({ scenario: name, phase: 0 }));
  const boots = [boot];
  for (const { name, phases } of long) {
    for (const phase of phases.keys()) {
      if (phase > 0) boots.push((boot = []));
      boot.push({ scenario: name, phase });
    }
  }
  for (const { name, isLast } of scenarios) if (isLast === true) boot.push({ scenario: name, phase: 0 });
  return boots;
}
