/**
 * Every scenario, in the order in which they run. The one that reads the audit log comes after those that fill it.
 */
import { denials } from "./denials.mjs";
import { labels, mounts, separation } from "./labels.mjs";
import { cpuLimit, outOfMemory, peaks, pidsLimit } from "./limits.mjs";
import { logout } from "./logout.mjs";
import { poweroff, reboot } from "./power.mjs";
import { kill, restart, stop, watchdog } from "./restart.mjs";
import { session } from "./session.mjs";

/** @typedef {import("../guest/scenario.mjs").Scenario} Scenario */

/** @type {readonly Scenario[]} */
export const SCENARIOS = [
  session,
  ...[outOfMemory, pidsLimit, cpuLimit, peaks],
  ...[labels, mounts, separation],
  ...[restart, kill, stop, watchdog],
  ...[logout, reboot, poweroff],
  denials,
];
