/**
 * What a scenario is. Scenarios run inside the booted host, as its operator; the harness reads only their names.
 */

/** @typedef {import("./operator.mjs").Operator} Operator */

/**
 * The part of a scenario that runs in one boot.
 *
 * @typedef {object} Phase
 * @property {(operator: Operator) => Promise<void>} run Throws when the host does not behave as it should.
 * @property {"reboot" | "poweroff"} [then] How the boot ends; the next phase runs in the next one.
 */

/**
 * @typedef {object} Scenario
 * @property {string} name
 * @property {string} title A sentence that says what is true when it passes.
 * @property {readonly Phase[]} phases One after the other, each in a boot of its own, on the same disk.
 */

/**
 * A scenario that needs one boot only.
 *
 * @param {string} name
 * @param {string} title
 * @param {Phase["run"]} run
 * @returns {Scenario}
 */
export function scenario(name, title, run) {
  return { name, title, phases: [{ run }] };
}
