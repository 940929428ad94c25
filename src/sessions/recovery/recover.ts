/**
 * Finds what an earlier daemon has left and decides about every open record.
 */
import type { JournalEntry } from "../../audit/format/journal.ts";
import type { OpenEntry, OpenIndexContents } from "../../audit/open/open-index.ts";
import { sentence } from "../../errors.ts";
import type { Failpoints } from "../../failpoints.ts";
import { inParallel } from "../../in-parallel.ts";
import type { Logger } from "../../log.ts";
import type { Examined, Executor, Found, Sweeping } from "../port/executor.ts";
import type { OpenRecord } from "../port/ports.ts";
import type { Beginning } from "../state/beginning.ts";
import { isPlaced, readPlan, type SessionPlan } from "../state/plan.ts";
import { decide } from "./decide.ts";
import { type LeftTrail, madeRef, readTrail } from "./trail.ts";

/** Enough to keep the disk and the engine busy, and few enough not to overload the engine. */
const PARALLEL = 8;

/** The state of an entry of the open index. */
export type Reopened =
  | { readonly kind: "open"; readonly record: OpenRecord; readonly journal: readonly JournalEntry[] }
  | { readonly kind: "sealed" | "unmade" }
  | { readonly kind: "unusable"; readonly why: string };

export interface RecoveryHost {
  readonly executor: Pick<Executor, "list" | "examine" | "sweep">;
  /** Sessions that are kept after their end: what they have stays. */
  readonly kept: ReadonlySet<string>;
  readonly index: { list(): Promise<OpenIndexContents>; remove(id: string): Promise<void> };
  reopen(entry: OpenEntry): Promise<Reopened>;
  /** Whether a session of that id has a record, in any place. */
  hasRecord(sessionId: string): Promise<boolean>;
  readonly boot: string;
  /** Whether sessions can be placed on other machines. */
  readonly canPlace: boolean;
  readonly log: Logger;
  readonly failpoints: Failpoints;
}

/** A session to continue. */
export interface Recovered {
  readonly record: OpenRecord;
  readonly plan: SessionPlan;
  readonly requestId: string;
  readonly beginning: Beginning;
}

/** A record that agentd leaves as it is, with its container. */
export interface LeftAlone {
  readonly id: string;
  readonly reason: string;
}

export interface Recovery {
  /** In the order in which they continue: those with a place, those that had one, those that wait. */
  readonly sessions: readonly Recovered[];
  readonly leftAlone: readonly LeftAlone[];
}

type Decided = Recovered & { readonly trail: LeftTrail; readonly found: Examined | undefined };

const ORDER: readonly Beginning["at"][] = ["command", "launch", "end", "queue_again", "queue"];

/** Recovers. Throws when the engine cannot be asked, or the open index cannot be read. */
export async function recover(host: RecoveryHost): Promise<Recovery> {
  const { executor, index, failpoints, log } = host;
  const [all, contents] = await Promise.all([executor.list(), index.list()]);
  await failpoints.reach("recovery_listed");

  const decisions = await inParallel(contents.entries, PARALLEL, (entry) => decideEntry(host, entry, all));
  const sessions = decisions
    .flatMap((each) => (each !== undefined && "record" in each ? [each] : []))
    .sort((one, other) => ORDER.indexOf(one.beginning.at) - ORDER.indexOf(other.beginning.at));
  const leftAlone = [
    ...decisions.flatMap((each) => (each !== undefined && "reason" in each ? [each] : [])),
    ...contents.newer.map((id) => ({ id, reason: "a later version of agentd accepted it" })),
    ...(await findDamaged(host, contents.damaged)),
  ];
  for (const { record, beginning } of sessions)
    log.info({ session: record.id, ...beginning }, "session found");
  for (const { id, reason } of leftAlone) log.error({ session: id, reason }, "session left as it is");
  await failpoints.reach("recovery_decided");

  await executor.sweep(sweepingFor(sessions, leftAlone, host.kept));
  await failpoints.reach("recovery_cleaned");
  return { sessions, leftAlone };
}

/** Undefined when there is nothing to continue. */
async function decideEntry(
  host: RecoveryHost,
  entry: OpenEntry,
  all: readonly Found[],
): Promise<Decided | LeftAlone | undefined> {
  const { executor, log, boot } = host;
  const reopened = await host.reopen(entry);
  if (reopened.kind === "unusable") return { id: entry.id, reason: reopened.why };
  if (reopened.kind !== "open") {
    log.info({ session: entry.id, record: reopened.kind }, "kept in the index of open records");
    return undefined;
  }
  try {
    const plan = readPlan(entry.plan);
    const trail = readTrail(reopened.journal);
    const made = madeRef(reopened.journal);
    const listed = all.find(
      ({ sessionId, ref }) => sessionId === entry.id && (made === undefined || ref === made),
    );
    const found = listed && (await executor.examine(listed));
    if (isPlaced(plan) && !host.canPlace) {
      const reason = "it was placed on another machine, and the configuration has no [placement] any more";
      return { id: entry.id, reason };
    }
    const beginning = decide({ trail, found, boot, timeoutMs: plan.timeoutMs, isPlaced: isPlaced(plan) });
    return { record: reopened.record, plan, requestId: entry.requestId, beginning, trail, found };
  } catch (error) {
    return { id: entry.id, reason: sentence(error) };
  }
}

/** An entry that a crash cut short has no record yet. Where there is a record, the entry was damaged otherwise. */
async function findDamaged(host: RecoveryHost, ids: readonly string[]): Promise<LeftAlone[]> {
  const leftAlone: LeftAlone[] = [];
  for (const id of ids) {
    if (await host.hasRecord(id)) {
      leftAlone.push({ id, reason: "its entry in the index of open records is damaged" });
    } else {
      host.log.info(
        { session: id },
        "removed an incomplete entry from the index of open records, left by a crash",
      );
      await host.index.remove(id);
    }
  }
  return leftAlone;
}

function sweepingFor(
  sessions: readonly Decided[],
  leftAlone: readonly LeftAlone[],
  kept: ReadonlySet<string>,
): Sweeping {
  // A queued session owns nothing yet, even if a power cut has shortened its journal.
  const begun = sessions.filter(({ beginning }) => beginning.at !== "queue");
  const owners = new Set([
    ...begun.map(({ record }) => record.id),
    ...leftAlone.map(({ id }) => id),
    ...kept,
  ]);
  const again = begun.flatMap(({ record, trail, found }) => {
    if (trail.state !== "preparing") return [];
    const wasStarting = trail.created && found?.phase === "made";
    return [{ sessionId: record.id, ref: wasStarting ? found.ref : undefined }];
  });
  return { owners, again };
}
