/** Has old records removed once a day, as the configuration says how long they are kept. */
import { setTimeout as delay } from "node:timers/promises";
import { evidencePaths } from "../audit/keys/evidence-paths.ts";
import type { RetentionJob, RetentionReport } from "../audit/upkeep/keep-records.ts";
import type { PruneRules } from "../audit/upkeep/prune-plan.ts";
import type { Config } from "../config/config.ts";
import type { DurableFeed } from "../events/durable-feed.ts";
import { JobWorker } from "../job-worker.ts";
import type { Logger } from "../log.ts";
import type { Retention } from "../profile/rules/retention.ts";
import type { ReleaseStack } from "../release-stack.ts";
import type { CurrentConfig } from "./configuration/current-config.ts";
import { tellPrunings } from "./feed/pruning-events.ts";
import { keepHeapSmall } from "./process/small-heap.ts";

const DAY_MS = 24 * 60 * 60_000;
/** A daemon that has just started has better things to do. */
const FIRST_AFTER_MS = 60_000;
/** Between looks at the clock, which a suspended host lets jump. */
const LOOK_INTERVAL_MS = 60_000;

export interface RetentionHost {
  readonly auditRoot: string;
  readonly stateDirectory: string;
  readonly config: () => Config;
  /** Sessions whose records are held back for now, by id, with the reason. */
  readonly heldBack: () => ReadonlyMap<string, string>;
  /** As `keepRecords`. */
  readonly prune: (job: RetentionJob) => Promise<RetentionReport>;
  /** Is told of what was removed, by commands too. */
  readonly feed: Pick<DurableFeed, "append" | "cursor" | "mend">;
  /** Wall clock, in milliseconds since the epoch. */
  readonly now: () => number;
  readonly log: Logger;
}

/** What was removed of one profile. */
interface PrunedOfProfile {
  readonly profile: string;
  readonly records: number;
  readonly bytes: number;
}

/** Prunes by itself. */
export class RecordRetention {
  readonly #host: RetentionHost;
  #nextMs: number;

  constructor(host: RetentionHost) {
    this.#host = host;
    this.#nextMs = host.now() + FIRST_AFTER_MS;
  }

  /** Prunes when it is time, until the signal ends it. Does not reject. */
  async run(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      await this.look();
      await delay(LOOK_INTERVAL_MS, undefined, { signal, ref: false }).catch(() => undefined);
    }
  }

  /** Prunes if a day has gone by since it last did, and tells what was pruned. A failure is in the log. */
  async look(): Promise<void> {
    await this.#pruneDaily();
    const { feed, stateDirectory, log } = this.#host;
    try {
      await tellPrunings(feed, evidencePaths(stateDirectory));
    } catch (error) {
      log.error({ error }, "the feed does not tell of removed records yet");
    }
  }

  async #pruneDaily(): Promise<void> {
    const nowMs = this.#host.now();
    // A clock that was set back must not put it off for ever.
    if (nowMs < this.#nextMs && this.#nextMs - nowMs <= DAY_MS) return;
    this.#nextMs = nowMs + DAY_MS;
    try {
      await this.#prune(nowMs);
    } catch (error) {
      this.#host.log.error({ error }, "cannot remove old records; the next try is in a day");
    }
  }

  async #prune(nowMs: number): Promise<void> {
    const { auditRoot, stateDirectory, config, heldBack, prune, log } = this.#host;
    const { daemon, profiles } = config();
    const rulesFor = (retention: Retention | undefined) => retention && pruneRules(retention, nowMs);
    const rules = new Map(profiles.map(({ name, records }) => [name, rulesFor(records ?? daemon.records)]));
    const otherRules = rulesFor(daemon.records);
    if (otherRules === undefined && [...rules.values()].every((each) => each === undefined)) return;
    const report = await prune({ auditRoot, stateDirectory, rules, otherRules, heldBack: heldBack(), nowMs });
    for (const { id, reason } of report.refused) log.info({ session: id, reason }, "old record kept");
    for (const failure of report.failed) log.warn(failure, "old record not removed completely");
    for (const pruned of byProfile(report.records)) log.info(pruned, "old records removed");
  }
}

/** Prunes in a worker, from now until the daemon ends. @param script path of `retention-worker.ts` as a bundled script. */
export function startRetention(
  {
    script,
    current,
    ...host
  }: Omit<RetentionHost, "config" | "prune"> & {
    readonly script: string;
    readonly current: CurrentConfig;
  },
  resources: ReleaseStack,
): void {
  const worker = new JobWorker<RetentionJob, RetentionReport>({
    ...{ script, does: "removes old records", data: null, onWorker: keepHeapSmall },
  });
  const retention = new RecordRetention({
    ...host,
    config: () => current.config,
    prune: (job) => worker.run(job),
  });
  const over = new AbortController();
  const running = retention.run(over.signal);
  resources.defer("removal of old records", async () => {
    over.abort();
    // It may be cut short at any moment: the next one finishes it.
    await worker.close();
    await running;
  });
}

function pruneRules({ keepMs, keepMin, maxBytes }: Retention, nowMs: number): PruneRules {
  return { keep: keepMin, endedBeforeMs: keepMs === undefined ? undefined : nowMs - keepMs, maxBytes };
}

function byProfile(records: RetentionReport["records"]): PrunedOfProfile[] {
  const sums = new Map<string, PrunedOfProfile>();
  for (const { profile, bytes } of records) {
    const sum = sums.get(profile);
    sums.set(profile, {
      profile,
      records: (sum?.records ?? 0) + 1,
      bytes: (sum?.bytes ?? 0) + bytes,
    });
  }
  return [...sums.values()];
}
