/** Prometheus' view of the daemon, gathered when it is asked for. */
import type { Status } from "../../api/methods.ts";
import type { ScheduleView } from "../../api/schedule-view.ts";
import type { Caller } from "../../rpc/client.ts";
import type { ListedSession } from "../../session-document.ts";
import { EndedSessions } from "./ended-sessions.ts";
import { createFamilies, type Families } from "./families.ts";

/** Scrapes within this time get the same numbers. */
const FRESH_MS = 2_000;
/** Different names of models; any further one is `other`. */
export const MOST_MODELS = 100;

export interface MetricsOptions {
  readonly daemon: Caller;
  /** Milliseconds since 1970. */
  readonly now: () => number;
}

export class Metrics {
  readonly #options: MetricsOptions;
  readonly #families: Families = createFamilies();
  readonly #ended: EndedSessions;
  readonly #models = new Set<string>();
  /** The instant of each profile's last skip that was counted. */
  readonly #skips = new Map<string, string | undefined>();
  /** When a scheduled session of a profile succeeded last, in seconds. */
  readonly #successes = new Map<string, number>();
  #gathering: Promise<void> | undefined;
  #gatheredMs = -Infinity;

  constructor(options: MetricsOptions) {
    this.#options = options;
    this.#ended = new EndedSessions(options.daemon);
  }

  /** The media type of `text`. */
  get contentType(): string {
    return this.#families.registry.contentType;
  }

  /** The metrics as they are now, as text for Prometheus. Without a daemon, the last known. */
  async text(): Promise<string> {
    if (this.#options.now() - this.#gatheredMs >= FRESH_MS) {
      this.#gathering ??= this.#gather().finally(() => (this.#gathering = undefined));
      await this.#gathering;
    }
    return await this.#families.registry.metrics();
  }

  async #gather(): Promise<void> {
    const { daemon, now } = this.#options;
    try {
      const [status, open, schedules] = await Promise.all([
        daemon.call("status", {}),
        daemon.call("list", { all: false, limit: 1000 }),
        this.#schedules(),
      ]);
      for (const { session, isNew } of await this.#ended.look()) this.#end(session, isNew);
      this.#show(status, open.sessions);
      for (const schedule of schedules) this.#showSchedule(schedule);
      this.#families.up.set(1);
      this.#gatheredMs = now();
    } catch {
      this.#families.up.set(0); // What it had to say is in the log of whoever stopped it.
    }
  }

  async #schedules(): Promise<ScheduleView[]> {
    const schedules: ScheduleView[] = [];
    for (let more = true; more;) {
      const after = schedules.at(-1)?.profile;
      const page = await this.#options.daemon.call("schedule", { count: 1, after });
      schedules.push(...page.schedules);
      more = page.more && page.schedules.length > 0;
    }
    return schedules;
  }

  #show(status: Status, open: readonly ListedSession[]): void {
    const { build, sessions, queueLength, queueWait, unsealed } = this.#families;
    build.reset();
    build.set({ version: status.version }, 1);
    for (const [state, count] of Object.entries(status.sessions)) sessions.set({ state }, count);
    queueLength.set(status.sessions.queued);
    unsealed.set(status.incomplete.length);
    const now = this.#options.now();
    const waits = open.flatMap(({ state, queued_timestamp: since }) =>
      state === "queued" ? [(now - Date.parse(since)) / 1000] : [],
    );
    queueWait.set(Math.max(0, ...waits));
  }

  #showSchedule({ profile, last_run: run, last_skip: skip }: ScheduleView): void {
    const { lastFire, lastSuccess, skips } = this.#families;
    if (run !== null) lastFire.set({ profile }, (Date.parse(run.scheduled_timestamp) + run.delay_ms) / 1000);
    const success = this.#successes.get(profile);
    if (success !== undefined) lastSuccess.set({ profile }, success);
    const instant = skip?.scheduled_timestamp;
    if (this.#skips.has(profile) && skip !== null && this.#skips.get(profile) !== instant)
      skips.inc({ profile, reason: skip.reason });
    this.#skips.set(profile, instant);
  }

  #end(session: ListedSession, isNew: boolean): void {
    const { profile, trigger, outcome, llm, egress } = session;
    const [start, end] = [session.start_timestamp, session.end_timestamp].map((at) =>
      at === null ? undefined : Date.parse(at) / 1000,
    );
    if (trigger === "schedule" && outcome === "success" && end !== undefined)
      this.#successes.set(profile, Math.max(end, this.#successes.get(profile) ?? 0));
    if (!isNew) return;
    const families = this.#families;
    families.ended.inc({ profile, outcome: outcome ?? "unknown", trigger });
    if (start !== undefined && end !== undefined) families.duration.observe({ profile }, end - start);
    if (egress !== null) {
      families.egress.inc({ profile, verdict: "allowed" }, egress.allowed_count);
      families.egress.inc({ profile, verdict: "denied" }, egress.denied_count);
    }
    if (llm === null) return;
    const labels = { profile, model: this.#modelLabel(llm.models) };
    families.llmRequests.inc(labels, llm.requests);
    families.llmRefusals.inc(labels, llm.refused);
    families.llmTokens.inc({ ...labels, kind: "input" }, llm.input_tokens);
    families.llmTokens.inc({ ...labels, kind: "cached" }, llm.cached_tokens);
    families.llmTokens.inc({ ...labels, kind: "output" }, llm.output_tokens);
    if (llm.usd !== null) families.llmCost.inc(labels, llm.usd);
  }

  /** A session has one sum for all of its models. */
  #modelLabel(models: readonly string[]): string {
    const [model, second] = models;
    if (model === undefined) return "none";
    if (second !== undefined) return "several";
    if (this.#models.size < MOST_MODELS) this.#models.add(model);
    return this.#models.has(model) ? model : "other";
  }
}
