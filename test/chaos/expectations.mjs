/**
 * What has to come of a session whose daemon stands at a label when a victim is killed: the table that `npm run chaos`
 * checks, as data.
 */

/** @typedef {import("../../src/failpoints.ts").FailpointLabel} Label */
/** @typedef {"daemon" | "service" | "conmon" | "first" | "removed" | "gateway" | "visitor"} Victim */

/**
 * How a cell has to come out; where two are named, either is the truth.
 *
 * - `command`: as if nothing had happened: the command's own exit code, and it was started exactly once.
 * - `launch_failed`: at stage `start`; the command never started.
 * - `launch_failed network`: the same, when its network was about to be opened.
 * - `killed`: `terminated_by_signal` SIGKILL.
 * - `interrupted`
 * - `cancelled`
 * - `disk_limit_exceeded`
 * - `no such victim`: there is none at this label, or none any more.
 *
 * @typedef {"command" | "launch_failed" | "launch_failed network" | "killed" | "interrupted" | "cancelled" | "disk_limit_exceeded" | "no such victim"} Fate
 */

/**
 * A label's row.
 *
 * @typedef {object} Row
 * @property {Label} label
 * @property {"before" | "waiting" | "started" | "ended"} command Where the session's command is while the daemon stands
 *   at the label: there is no container, it waits at the gate of one, it has started, or it has ended.
 * @property {boolean} [recovery] The label is one of a daemon's start: the session runs already, left by another daemon.
 * @property {boolean} [ordered] The session comes to the label because its operator stops it.
 * @property {boolean} [warm] A session of the profile has ended before, so that a container waits for this one.
 * @property {boolean} [volumes] The profile has volumes: one of its own, and a copy of a shared one.
 * @property {boolean} [fills] It comes to it because it has more on the disk than its profile allows.
 * @property {readonly string[]} [typed] It comes to it because its operator types this about it.
 * @property {boolean} [kept] Its profile keeps it after its end. What is typed is typed once it is sealed.
 * @property {boolean} [removing] Its container is removed meanwhile, and may be gone already.
 * @property {Record<Victim, readonly Fate[]>} fates
 */

/** Whether only a daemon with containers that wait comes to a row's label. @param {Row} row */
export function isAboutWaiting({ label }) {
  return label.startsWith("warm_");
}

/** What victims are, as the report's header and `--victim` name them. @type {Record<Victim, string>} */
export const VICTIMS = {
  daemon: "kill -9 the daemon",
  service: "kill -9 the Podman service",
  conmon: "kill -9 conmon",
  first: "kill -9 the container's first process",
  removed: "podman rm -f the container",
  gateway: "kill -9 the gateway",
  visitor: "podman rm -f the container of agentd enter",
};

/** @type {readonly ["no such victim"]} */
const NONE = ["no such victim"];
/** @type {readonly ["command"]} */
const COMMAND = ["command"];
/** @type {readonly ["launch_failed"]} */
const LAUNCH_FAILED = ["launch_failed"];
/** @type {readonly ["interrupted"]} */
const INTERRUPTED = ["interrupted"];

/** @type {readonly ["cancelled"]} */
const CANCELLED = ["cancelled"];

/** @type {readonly ["disk_limit_exceeded"]} */
const DISK = ["disk_limit_exceeded"];

const withoutContainer = {
  daemon: COMMAND,
  service: COMMAND,
  conmon: NONE,
  first: NONE,
  removed: NONE,
  gateway: NONE,
  visitor: NONE,
};
/** A container that nothing of the agent's runs in. */
const created = { ...withoutContainer, removed: LAUNCH_FAILED };
/** Without conmon the launcher still reads, so the command may start before its container is found lost. */
const started = { ...created, conmon: INTERRUPTED, first: LAUNCH_FAILED };
/** With its network open. */
const waiting = { ...started, gateway: COMMAND };
/** Started beside what the daemon stands at: its network may be open, or about to be. */
const beside = { ...waiting, removed: /** @type {const} */ (["launch_failed", "launch_failed network"]) };
const running = {
  daemon: COMMAND,
  service: COMMAND,
  conmon: INTERRUPTED,
  first: /** @type {const} */ (["killed"]),
  removed: INTERRUPTED,
  gateway: COMMAND,
  visitor: NONE,
};
/** A stop that was acknowledged stays one, whatever else happens. */
const ordered = {
  daemon: CANCELLED,
  service: CANCELLED,
  conmon: CANCELLED,
  first: CANCELLED,
  removed: CANCELLED,
  gateway: CANCELLED,
  visitor: NONE,
};
/** It is ended for what it has on the disk, unless it ended before the daemon could say so. */
const filled = {
  daemon: DISK,
  service: DISK,
  conmon: /** @type {const} */ (["disk_limit_exceeded", "interrupted"]),
  first: /** @type {const} */ (["disk_limit_exceeded", "killed"]),
  removed: /** @type {const} */ (["disk_limit_exceeded", "interrupted"]),
  gateway: DISK,
  visitor: NONE,
};
/** Nothing of the session runs any more; the gateway does. */
const over = { ...withoutContainer, gateway: COMMAND };
/** How the command ended is known. */
const ended = { ...over, removed: COMMAND };

/** In what is typed: the row's session. It is not always the latest one, because another follows it once it is sealed. */
export const THIS_SESSION = "THIS_SESSION";

const EXEC = ["exec", "--credentials", THIS_SESSION, "--", "true"];

export const PAUSE = ["pause", THIS_SESSION];
/** After a pause. */
export const RESUME = ["resume", THIS_SESSION];

const ENTER = ["enter", THIS_SESSION, "--", "true"];

const RM = ["rm", THIS_SESSION];
/** Sealed and kept: the container is there, and nobody has a network any more. */
const kept = { ...withoutContainer, removed: COMMAND };
/** With a container of somebody who looks into it. */
const visited = { ...kept, visitor: COMMAND };

/** In the order of the labels. @type {readonly Row[]} */
export const EXPECTATIONS = [
  // The client has no answer yet, and asks the next daemon again.
  { label: "index_entry_written", command: "before", fates: withoutContainer },
  { label: "record_directory_made", command: "before", fates: withoutContainer },
  { label: "input_placed", command: "before", fates: withoutContainer },
  { label: "accepted", command: "before", fates: withoutContainer },
  // The session goes on while its events wait.
  { label: "event_writing", command: "started", fates: running },
  { label: "event_written", command: "started", fates: running },
  { label: "admitted", command: "before", fates: withoutContainer },
  // Until it has the session's name, the container is nobody's whom a victim could be.
  { label: "warm_staging_taken", command: "before", warm: true, fates: withoutContainer },
  { label: "warm_gate_taken", command: "before", warm: true, fates: withoutContainer },
  { label: "warm_record_taken", command: "before", warm: true, fates: withoutContainer },
  { label: "warm_renamed", command: "waiting", warm: true, fates: started },
  { label: "warm_taken", command: "waiting", warm: true, fates: started },
  { label: "staging_made", command: "before", fates: withoutContainer },
  { label: "gate_made", command: "before", fates: withoutContainer },
  { label: "volumes_opened", command: "before", volumes: true, fates: withoutContainer },
  // The container is made and started beside the clone.
  { label: "clone_begun", command: "waiting", fates: beside },
  { label: "cloned", command: "waiting", fates: beside },
  { label: "base_kept", command: "waiting", fates: beside },
  { label: "image_found", command: "before", fates: withoutContainer },
  { label: "container_created", command: "before", fates: created },
  { label: "container_started", command: "waiting", fates: started },
  { label: "files_written", command: "waiting", fates: started },
  { label: "network_opened", command: "waiting", fates: waiting },
  { label: "gate_met", command: "waiting", fates: waiting },
  { label: "running_journaled", command: "waiting", fates: waiting },
  { label: "payload_half", command: "waiting", fates: waiting },
  { label: "payload_sent", command: "started", fates: running },
  { label: "payload_written", command: "started", fates: running },
  { label: "handed_over_journaled", command: "started", fates: running },
  { label: "supervising", command: "started", fates: running },
  // The session goes on while a container is made for the next one.
  { label: "warm_directories_made", command: "started", fates: running },
  { label: "warm_created", command: "started", fates: running },
  { label: "warm_started", command: "started", fates: running },
  { label: "exec_journaled", command: "started", typed: EXEC, fates: running },
  { label: "exec_gate_made", command: "started", typed: EXEC, fates: running },
  { label: "pause_journaled", command: "started", typed: PAUSE, fates: running },
  { label: "paused", command: "started", typed: PAUSE, fates: running },
  { label: "resumed", command: "started", typed: RESUME, fates: running },
  { label: "resume_journaled", command: "started", typed: RESUME, fates: running },
  { label: "disk_exceeded", command: "started", fills: true, fates: filled },
  { label: "end_ordered", command: "started", ordered: true, fates: ordered },
  { label: "exit_seen", command: "ended", fates: ended },
  { label: "finishing_journaled", command: "ended", fates: ended },
  { label: "container_removed", command: "ended", fates: over },
  { label: "network_closed", command: "ended", fates: over },
  { label: "exporting", command: "ended", removing: true, fates: ended },
  { label: "exported", command: "ended", removing: true, fates: ended },
  { label: "publishing", command: "ended", removing: true, fates: ended },
  { label: "pushed", command: "ended", removing: true, fates: ended },
  { label: "published", command: "ended", removing: true, fates: ended },
  { label: "keeping", command: "ended", kept: true, fates: ended },
  { label: "kept", command: "ended", kept: true, fates: ended },
  { label: "gate_removed", command: "ended", fates: over },
  { label: "staging_removed", command: "ended", removing: true, fates: ended },
  { label: "redacting", command: "ended", fates: over },
  { label: "redacted", command: "ended", fates: over },
  { label: "after_owed", command: "ended", fates: over },
  { label: "follow_ups_owed", command: "ended", fates: over },
  { label: "sealing", command: "ended", fates: over },
  { label: "sealed", command: "ended", fates: over },
  { label: "sealed_told", command: "ended", fates: over },
  { label: "after_run", command: "ended", fates: over },
  { label: "enter_noted", command: "ended", kept: true, typed: ENTER, fates: kept },
  { label: "enter_created", command: "ended", kept: true, typed: ENTER, fates: visited },
  { label: "entered", command: "ended", kept: true, typed: ENTER, fates: visited },
  { label: "keep_removing", command: "ended", kept: true, typed: RM, fates: kept },
  { label: "keep_removed", command: "ended", kept: true, typed: RM, fates: withoutContainer },
  { label: "keep_removal_noted", command: "ended", kept: true, typed: RM, fates: withoutContainer },
  { label: "follow_up_accepted", command: "ended", fates: over },
  { label: "recovery_listed", command: "started", recovery: true, fates: running },
  { label: "recovery_decided", command: "started", recovery: true, fates: running },
  { label: "recovery_cleaned", command: "started", recovery: true, fates: running },
  { label: "adopting", command: "started", recovery: true, fates: running },
  { label: "adopted", command: "started", recovery: true, fates: running },
  { label: "events_made_good", command: "started", recovery: true, fates: running },
];
