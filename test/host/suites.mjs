/**
 * Which scenarios a release of Debian is tested with.
 */
import { SUITES } from "./image/definition.mjs";
import { SCENARIOS } from "./scenarios/all.mjs";

/** All but those about SELinux, where that is off. @param {string} suite */
export function scenariosOf(suite) {
  return SCENARIOS.filter(({ needsSelinux = false }) => !needsSelinux || SUITES[suite]?.selinux === true);
}
