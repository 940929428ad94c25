/**
 * Every scenario, in the order in which they run.
 */
import { debianPackage } from "./debian-package.mjs";
import { denials } from "./denials.mjs";
import { doctor } from "./doctor.mjs";
import { journal } from "./journal.mjs";
import { labels, mounts, separation } from "./labels.mjs";
import { cpuLimit, outOfMemory, peaks, pidsLimit } from "./limits.mjs";
import { logout } from "./logout.mjs";
import { allowlist, closedNetwork, gatewayStop, openStream } from "./network.mjs";
import { pause } from "./pause.mjs";
import { poweroff, reboot } from "./power.mjs";
import { readiness, reload } from "./readiness.mjs";
import { kill, restart, stop, watchdog } from "./restart.mjs";
import { runtimes } from "./runtimes.mjs";
import { security } from "./security.mjs";
import { service } from "./service.mjs";
import { session } from "./session.mjs";
import { given, workKept, workOut, workspaces } from "./work.mjs";

/** @typedef {import("../guest/scenario.mjs").Scenario} Scenario */

/** @type {readonly Scenario[]} */
export const SCENARIOS = [
  service,
  session,
  ...[closedNetwork, allowlist, openStream, gatewayStop],
  ...[restart, kill, stop, watchdog],
  ...[given, workOut, workKept, workspaces],
  ...[readiness, reload, journal, security, doctor],
  ...[debianPackage, runtimes],
  ...[labels, mounts, separation],
  ...[outOfMemory, pidsLimit, cpuLimit, peaks, pause],
  ...[logout, reboot, poweroff],
  denials,
];
