/**
 * Places at which a test can crash, fail or hold the daemon. Nothing happens there unless `AGENTD_FAILPOINTS` arms
 * them.
 *
 * The variable holds entries `LABEL=ACTION` or `LABEL=ACTION@N` (only at the N-th hit), separated by commas. Actions:
 * `crash` kills the daemon with SIGKILL, `fail` throws, `delay:MS` waits, `wait` holds until the file `LABEL.HIT.go`
 * exists. Every hit of an armed label leaves a file `LABEL.HIT` in `AGENTD_FAILPOINTS_DIR`, before its action;
 * HIT counts from 1 in each daemon, and the file holds the daemon's pid.
 */
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { isThere } from "./if-there.ts";

/** Every label, in the order in which a session and a recovery pass them. */
export const FAILPOINT_LABELS = [
  // Accepting: no client has an answer yet.
  "index_entry_written",
  "record_directory_made",
  "input_placed",
  "accepted",
  // Events of a session are about to be written into the feed; they are there. The session does not wait for either.
  "event_writing",
  "event_written",
  // Preparing.
  "admitted",
  // A container that waits is taken: its staging directory, its gate and its record are the session's; it has the session's
  // name, and the journal does not say so yet; it says so.
  "warm_staging_taken",
  "warm_gate_taken",
  "warm_record_taken",
  "warm_renamed",
  "warm_taken",
  "staging_made",
  "gate_made",
  // Of a profile with volumes: they are there, and the copies of them.
  "volumes_opened",
  "clone_begun",
  "cloned",
  "base_kept",
  "image_found",
  "container_created",
  "container_started",
  // The identity for git and the profile's files are in the home.
  "files_written",
  // Of a session with an allowlist: its network is open.
  "network_opened",
  // At the gate: before the journal says `running`; after, before the first byte; in the middle; after the last byte, before
  // the FIFO is taken away; after that, before `handed_over`.
  "gate_met",
  "running_journaled",
  "payload_half",
  "payload_sent",
  "payload_written",
  "handed_over_journaled",
  // Running.
  "supervising",
  // A container that will wait for the next session has its directories; it is made; it has started. No session waits for that.
  "warm_directories_made",
  "warm_created",
  "warm_started",
  // A command beside the session's is journaled, and nothing was done about it yet; the FIFO for its credentials is there.
  "exec_journaled",
  "exec_gate_made",
  // A pause is journaled, and nothing was done about it yet; its processes stand still. They go on, and the journal does not
  // say so yet; it says so.
  "pause_journaled",
  "paused",
  "resumed",
  "resume_journaled",
  // More is on the disk than the profile allows, and nothing says so yet.
  "disk_exceeded",
  // An order to end is journaled, and nothing was done about it yet.
  "end_ordered",
  "exit_seen",
  // Ending.
  "finishing_journaled",
  "container_removed",
  // Of a session with an allowlist, before the journal says so.
  "network_closed",
  // Before the export of its work; after it, before the journal says so.
  "exporting",
  "exported",
  // Of a session that is published: before the push; after it, before the journal says so; with its request, before that.
  "publishing",
  "pushed",
  "published",
  // Of a session that is kept: before that; it is written down, before the journal says so.
  "keeping",
  "kept",
  "gate_removed",
  "staging_removed",
  // Of a session with credentials, before their values are replaced in its output; after it, before the journal says so.
  "redacting",
  "redacted",
  // Of a profile with programs that run after its sessions: what is owed is written down; one has run, before that says so.
  "after_owed",
  // Of a session that others follow: which ones is written down; one was accepted, before that is written down.
  "follow_ups_owed",
  "sealing",
  // The record is sealed and still in the index of open records.
  "sealed",
  // The feed has the event of that.
  "sealed_told",
  "after_run",
  // A kept session is entered: the record says so, and nothing was done about it yet; there is a container, which has not
  // started; it runs, and the client has no answer yet.
  "enter_noted",
  "enter_created",
  "entered",
  // It is removed: that is written down, and nothing was done about it yet; all of it is gone, before the record says so; the
  // record says so, before it is off the list.
  "keep_removing",
  "keep_removed",
  "keep_removal_noted",
  "follow_up_accepted",
  // Recovery at the daemon's start.
  "recovery_listed",
  "recovery_decided",
  "recovery_cleaned",
  "adopting",
  "adopted",
  // The feed has what the earlier daemon did not write into it.
  "events_made_good",
] as const;

/** The same for a notification, which belongs to no session's life. */
export const NOTICE_LABELS = [
  // Its message is on disk, and the memory does not say yet that the event was looked at; it says so.
  "notice_written",
  "notice_committed",
  // Before it is sent; its receiver has it, and it is still on disk.
  "notice_sending",
  "notice_sent",
] as const;

/** The same for a session on another machine, in the daemon that has placed it or in its runner. */
export const PLACEMENT_LABELS = [
  // What is to be placed is on disk, and nothing was submitted; a node has claimed it.
  "placement_noted",
  "placement_claimed",
  // The engine has told a runner to end: that is on the node's disk, and the head does not know; the head's order is given.
  "told_noted",
  "told_ordered",
  // The node's record is here, and nothing was done about it yet; it is in the session's record.
  "placement_collected",
  "node_record_kept",
  // The head has the record, and the node's state of the session is out of the next runner's way.
  "set_aside",
] as const;

/** The same for the delivery of a webhook, in `agentd web`. */
export const WEBHOOK_LABELS = [
  // It is on disk, and no session was asked for; that is accepted, before it is on disk which one.
  "delivery_noted",
  "delivery_accepted",
] as const;

const LABELS = [...FAILPOINT_LABELS, ...NOTICE_LABELS, ...WEBHOOK_LABELS, ...PLACEMENT_LABELS];

export type FailpointLabel = (typeof LABELS)[number];

/** What the steps of a session and of a recovery pass. */
export interface Failpoints {
  /** Does what the label is armed with; throws for `fail` only. */
  readonly reach: (label: FailpointLabel) => Promise<void>;
}

export interface FailpointsHost {
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly pid: number;
  /** Ends this process as SIGKILL does. */
  readonly crash: () => void;
}

type Action =
  { readonly kind: "crash" | "fail" | "wait" } | { readonly kind: "delay"; readonly delayMs: number };

interface Armed {
  readonly action: Action;
  /** Undefined: every hit. */
  readonly onHit: number | undefined;
}

const ENTRY =
  /^(?<label>[a-z_]+)=(?:(?<plain>crash|fail|wait)|delay:(?<delayMs>\d{1,7}))(?:@(?<onHit>\d{1,6}))?$/;
const WAIT_POLL_MS = 10;

/** Failpoints of which none is armed. */
export const NO_FAILPOINTS: Failpoints = { reach: () => Promise.resolve() };

/**
 * The failpoints that the environment arms.
 *
 * @throws Error for an entry that is none, an unknown label, or a missing directory.
 */
export function failpointsOf({ env, pid, crash }: FailpointsHost): Failpoints {
  const entries = env["AGENTD_FAILPOINTS"];
  if (entries === undefined || entries === "") return NO_FAILPOINTS;
  const directory = env["AGENTD_FAILPOINTS_DIR"];
  if (directory === undefined) throw new Error("AGENTD_FAILPOINTS needs AGENTD_FAILPOINTS_DIR");
  const armed = new Map(entries.split(",").map(parseEntry));
  const hits = new Map<FailpointLabel, number>();
  return {
    reach: async (label) => {
      const point = armed.get(label);
      if (point === undefined) return;
      const hit = (hits.get(label) ?? 0) + 1;
      hits.set(label, hit);
      if (point.onHit !== undefined && point.onHit !== hit) return;
      const mark = join(directory, `${label}.${hit}`);
      await writeFile(mark, `${pid}\n`);
      await act(point.action, { label, go: `${mark}.go`, crash });
    },
  };
}

function parseEntry(entry: string): [FailpointLabel, Armed] {
  const { label, plain, delayMs, onHit } = ENTRY.exec(entry)?.groups ?? {};
  const known = LABELS.find((each) => each === label);
  if (known === undefined) throw new Error(`${JSON.stringify(entry)} in AGENTD_FAILPOINTS arms no failpoint`);
  const action: Action =
    delayMs === undefined
      ? { kind: plain as "crash" | "fail" | "wait" }
      : { kind: "delay", delayMs: Number(delayMs) };
  return [known, { action, onHit: onHit === undefined ? undefined : Number(onHit) }];
}

async function act(
  action: Action,
  { label, go, crash }: { label: FailpointLabel; go: string; crash: () => void },
): Promise<void> {
  switch (action.kind) {
    case "crash":
      crash();
      return;
    case "fail":
      throw new Error(`the failpoint ${label} was told to fail`);
    case "delay":
      await delay(action.delayMs);
      return;
    case "wait":
      while (!(await isThere(go))) await delay(WAIT_POLL_MS);
  }
}
