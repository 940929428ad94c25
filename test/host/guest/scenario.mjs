/**
 * What a scenario is. Scenarios run inside the booted host, as its operator; the harness reads only their names.
 */

/** @typedef {import("./operator.mjs").Operator} Operator */

/** What a scenario has measured, for the report: a name and what it is. @typedef {Record<string, string>} Facts */

/**
 * The part of a scenario that runs in one boot.
 *
 * @typedef {object} Phase
 * @property {(operator: Operator) => Promise<Facts | void>} run Throws when the host does not behave as it should.
 * @property {"reboot" | "poweroff"} [then] How the boot ends; the next phase runs in the next one.
 */

/**
 * @typedef {object} Scenario
 * @property {string} name
 * @property {string} title A sentence that says what is true when it passes.
 * @property {readonly Phase[]} phases One after the other, each in a boot of its own, on the same disk.
 * @property {boolean} [needsSelinux] Whether it is about SELinux, and left out where that is off. Default false.
 * @property {boolean} [isLast] Whether it looks at what all the others have left. Default false.
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
