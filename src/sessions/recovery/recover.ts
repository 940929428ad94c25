/**
 * Finds what an earlier daemon has left and brings every open record to a decision.
 */
import { setTimeout as delay } from "node:timers/promises";
import type { JournalEntry } from "../../audit/journal.ts";
import type { OpenEntry, OpenIndexContents } from "../../audit/open-index.ts";
import { sentence } from "../../errors.ts";
import type { Failpoints } from "../../failpoints.ts";
import type { Logger } from "../../log.ts";
import type { ContainerPhase, Exited } from "../../podman/container-status.ts";
import type { Beginning } from "../beginning.ts";
import { SESSION_LABEL } from "../container-request.ts";
import { sessionPlanSchema, type SessionPlan } from "../plan.ts";
import type { OpenRecord } from "../ports.ts";
import { decide, type FoundContainer } from "./decide.ts";
import { inParallel } from "./in-parallel.ts";
import { readTrail, type LeftTrail } from "./trail.ts";

/** Enough to keep the disk and the engine busy, and few enough for the engine to stand. */
const PARALLEL = 8;

/** How long a daemon's start waits for the removal of what is left on the host. */
const LEFTOVERS_PATIENCE_MS = 10_000;

/** A container of this instance. */
export interface ListedContainer {
  readonly id: string;
  readonly name: string;
  readonly phase: ContainerPhase;
  readonly labels: Readonly<Record<string, string>>;
}

/** A volume of this instance. */
export interface ListedVolume {
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
}

/** What an entry of the open index turned out to be. */
export type Reopened =
  | { readonly kind: "open"; readonly record: OpenRecord; readonly journal: readonly JournalEntry[] }
  | { readonly kind: "sealed" | "unmade" }
  | { readonly kind: "unusable"; readonly why: string };

export interface RecoveryHost {
  readonly engine: {
    listContainers(): Promise<readonly ListedContainer[]>;
    inspectContainer(id: string): Promise<{ readonly exit: Exited | undefined } | undefined>;
    startContainer(id: string): Promise<void>;
    removeContainer(id: string): Promise<void>;
    listVolumes(): Promise<readonly ListedVolume[]>;
    removeVolume(name: string): Promise<void>;
  };
  readonly index: { list(): Promise<OpenIndexContents>; remove(id: string): Promise<void> };
  reopen(entry: OpenEntry): Promise<Reopened>;
  /** Whether a session of that id has a record, wherever it lies. */
  hasRecord(sessionId: string): Promise<boolean>;
  /** What lies on the host for sessions: staging directories and gates. */
  readonly leftovers: {
    /** Ids of the sessions that have some. */
    list(): Promise<readonly string[]>;
    remove(sessionId: string): Promise<void>;
    /** Ends what the dead daemon has started on the host for these sessions and still runs. */
    endWork(sessionIds: readonly string[]): Promise<void>;
    /** Removes locks that nobody holds any more. */
    removeStaleLocks(): Promise<void>;
  };
  readonly boot: string;
  readonly log: Logger;
  readonly failpoints: Failpoints;
}

/** A session to go on with. */
export interface Recovered {
  readonly record: OpenRecord;
  readonly plan: SessionPlan;
  readonly requestId: string;
  readonly beginning: Beginning;
}

/** A record that agentd leaves as it is, its container too. */
export interface LeftAlone {
  readonly id: string;
  readonly reason: string;
}

export interface Recovery {
  /** In the order in which they go on: those with a place, those that had one, those that wait. */
  readonly sessions: readonly Recovered[];
  readonly leftAlone: readonly LeftAlone[];
}

type Judged =
  (Recovered & { readonly trail: LeftTrail; readonly container: FoundContainer | undefined }) | LeftAlone;

const ORDER: readonly Beginning["at"][] = ["command", "end", "queue_again", "queue"];

/** Recovers. Throws when the engine cannot be asked, or the open index cannot be read. */
export async function recover(host: RecoveryHost): Promise<Recovery> {
  const { engine, index, failpoints, log } = host;
  const [containers, contents] = await Promise.all([engine.listContainers(), index.list()]);
  await failpoints.reach("recovery_listed");

  const judged = await inParallel(contents.entries, PARALLEL, (entry) => judge(host, entry, containers));
  const found = judged.filter((each) => each !== undefined);
  const sessions = found
    .flatMap((each) => ("record" in each ? [each] : []))
    .sort((one, other) => ORDER.indexOf(one.beginning.at) - ORDER.indexOf(other.beginning.at));
  const leftAlone = [
    ...found.flatMap((each) => ("reason" in each ? [each] : [])),
    ...contents.newer.map((id) => ({ id, reason: "a later version of agentd has accepted it" })),
    ...(await judgeDamaged(host, contents.damaged)),
  ];
  for (const { record, beginning } of sessions)
    log.info({ session: record.id, ...beginning }, "session found");
  for (const { id, reason } of leftAlone) log.error({ session: id, reason }, "session left as it is");
  await failpoints.reach("recovery_decided");

  // What waits has nothing yet, whatever a cut of the power has taken from its journal.
  const begun = sessions.filter(({ beginning }) => beginning.at !== "queue");
  const owners = new Set([...begun.map(({ record }) => record.id), ...leftAlone.map(({ id }) => id)]);
  await removeLeftovers(host, owners, containers);
  await prepareAgain(host, sessions);
  await failpoints.reach("recovery_cleaned");
  return { sessions, leftAlone };
}

/** Undefined when there is nothing to go on with. */
async function judge(
  host: RecoveryHost,
  entry: OpenEntry,
  containers: readonly ListedContainer[],
): Promise<Judged | undefined> {
  const { log, boot } = host;
  const reopened = await host.reopen(entry);
  if (reopened.kind === "unusable") return { id: entry.id, reason: reopened.why };
  if (reopened.kind !== "open") {
    log.info({ session: entry.id, record: reopened.kind }, "left the index of open records");
    return undefined;
  }
  try {
    const plan = sessionPlanSchema.parse(entry.plan);
    const trail = readTrail(reopened.journal);
    const container = await findContainer(host, entry.id, containers);
    const beginning = decide({ trail, container, boot, timeoutMs: plan.timeoutMs });
    return { record: reopened.record, plan, requestId: entry.requestId, beginning, trail, container };
  } catch (error) {
    return { id: entry.id, reason: sentence(error) };
  }
}

async function findContainer(
  { engine }: RecoveryHost,
  sessionId: string,
  containers: readonly ListedContainer[],
): Promise<FoundContainer | undefined> {
  const listed = containers.find(({ labels }) => labels[SESSION_LABEL] === sessionId);
  if (listed === undefined) return undefined;
  const exit = listed.phase === "exited" ? (await engine.inspectContainer(listed.id))?.exit : undefined;
  return { id: listed.id, phase: listed.phase, exit };
}

/** The record of an entry that a crash cut short was never made; where there is one, something else has happened. */
async function judgeDamaged(host: RecoveryHost, ids: readonly string[]): Promise<LeftAlone[]> {
  const leftAlone: LeftAlone[] = [];
  for (const id of ids) {
    if (await host.hasRecord(id)) {
      leftAlone.push({ id, reason: "its entry in the index of open records is damaged" });
    } else {
      host.log.info({ session: id }, "removed an entry of the open index that a crash cut short");
      await host.index.remove(id);
    }
  }
  return leftAlone;
}

/**
 * What belongs to no session that has begun is removed; what cannot be removed now is met again at the next start.
 *
 * @param owners ids of the sessions that keep what is theirs.
 */
async function removeLeftovers(
  { engine, leftovers, log }: RecoveryHost,
  owners: ReadonlySet<string>,
  containers: readonly ListedContainer[],
): Promise<void> {
  const removal = async (what: object, why: string, remove: () => Promise<void>): Promise<void> => {
    try {
      await remove();
      log.warn({ ...what, why }, "removed a leftover");
    } catch (error) {
      log.error({ ...what, why, error }, "cannot remove a leftover");
    }
  };
  const isStranger = ({ labels }: Pick<ListedContainer, "labels">): boolean =>
    !owners.has(labels[SESSION_LABEL] ?? "");
  const strangers = containers.filter(isStranger);
  await inParallel(strangers, PARALLEL, ({ id, name, labels }) =>
    removal({ container: name, session: labels[SESSION_LABEL] }, "no session that has begun owns it", () =>
      engine.removeContainer(id),
    ),
  );
  const volumes = (await engine.listVolumes()).filter(isStranger);
  await inParallel(volumes, PARALLEL, ({ name, labels }) =>
    removal({ volume: name, session: labels[SESSION_LABEL] }, "no session that has begun owns it", () =>
      engine.removeVolume(name),
    ),
  );
  const directories = (await leftovers.list()).filter((id) => !owners.has(id));
  if (directories.length > 0) await leftovers.endWork(directories);
  const removed = inParallel(directories, PARALLEL, (session) =>
    removal({ directories: session }, "no session that has begun owns it", () => leftovers.remove(session)),
  );
  // A large one goes on in the background: nobody waits for it.
  await Promise.race([removed, delay(LEFTOVERS_PATIENCE_MS, undefined, { ref: false })]);
  await leftovers.removeStaleLocks();
}

/** Before what sessions had made is taken away: nothing may still work in it. */
async function prepareAgain({ engine, leftovers }: RecoveryHost, sessions: readonly Judged[]): Promise<void> {
  const begun = sessions.flatMap((each) =>
    "trail" in each && each.trail.state === "preparing" ? [each] : [],
  );
  if (begun.length === 0) return;
  await leftovers.endWork(begun.map(({ record }) => record.id));
  // The engine forgets a process that waits to be started when its container is removed, so a start that was cut short
  // is finished first.
  const cutShort = begun.flatMap(({ trail, container }) =>
    trail.state === "preparing" && trail.created && container?.phase === "created" ? [container] : [],
  );
  await inParallel(cutShort, PARALLEL, ({ id }) => engine.startContainer(id).catch(() => undefined)); // Failing clears it away too.
}
