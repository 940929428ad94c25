/**
 * What a run has shown.
 */

/** @typedef {import("./plan.mjs").Step} Step */
/** @typedef {import("./guest/scenario.mjs").Scenario} Scenario */
/** @typedef {import("./guest/scenario.mjs").Facts} Facts */

/**
 * What the host tells while it runs; see guest/main.mjs.
 *
 * @typedef {{ event: "booted", host: Record<string, string> }
 *   | Step & { event: "started" }
 *   | Step & { event: "passed", seconds: number, facts: Facts }
 *   | Step & { event: "failed", seconds: number, why: string, diagnosis: string }
 *   | { event: "ending", by: string }
 *   | { event: "broken", why: string }} HostEvent
 */

/**
 * @typedef {object} ScenarioResult
 * @property {string} name
 * @property {string} title
 * @property {"passed" | "failed" | "not run"} state Passed when each of its phases did.
 * @property {number} seconds In all phases.
 * @property {Facts} facts What it has measured.
 * @property {string} [why]
 */

/**
 * @typedef {object} Report
 * @property {string} suite The release of Debian.
 * @property {string} date Of the first boot, such as 2026-11-29.
 * @property {Record<string, string>} host Versions and modes.
 * @property {number} boots
 * @property {number} seconds From the first boot to the last power-off.
 * @property {readonly ScenarioResult[]} scenarios
 */

/**
 * @param {readonly Scenario[]} scenarios
 * @param {readonly HostEvent[]} events
 * @returns {ScenarioResult[]}
 */
export function resultsOf(scenarios, events) {
  return scenarios.map(({ name, title, phases }) => {
    const own = events.filter((event) => "scenario" in event && event.scenario === name);
    const passed = own.filter((event) => event.event === "passed");
    const failed = own.find((event) => event.event === "failed");
    const ended = own.filter((event) => event.event === "passed" || event.event === "failed");
    const seconds = ended.reduce((sum, event) => sum + event.seconds, 0);
    /** @type {Facts} */
    const facts = Object.assign({}, ...passed.map((event) => event.facts));
    if (failed !== undefined) return { name, title, state: "failed", seconds, facts, why: failed.why };
    return { name, title, state: passed.length === phases.length ? "passed" : "not run", seconds, facts };
  });
}

/** @param {Report} report */
export function isSuccess({ scenarios }) {
  return scenarios.length > 0 && scenarios.every(({ state }) => state === "passed");
}

/** @param {Report} report */
export function reportText({ host, boots, seconds, scenarios }) {
  const facts = Object.entries(host).map(([name, value]) => `${name.padEnd(9)} ${value}`);
  const lines = scenarios.flatMap(({ name, title, state, seconds, facts }) => [
    `${MARKS[state].padEnd(7)} ${name.padEnd(22)} ${`${seconds.toFixed(1)} s`.padStart(8)}  ${title}`,
    ...Object.entries(facts).map(([fact, value]) => `${" ".repeat(42)}${fact}: ${value}`),
  ]);
  const passed = scenarios.filter(({ state }) => state === "passed").length;
  const total = `${passed} passed, ${scenarios.length - passed} failed`;
  return [...facts, "", ...lines, "", `${boots} boots, ${Math.round(seconds)} s in all`, total].join("\n");
}

const MARKS = { passed: "ok", failed: "FAILED", "not run": "NOT RUN" };
