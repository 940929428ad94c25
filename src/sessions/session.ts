import { AgentdError, sentence } from "../errors.ts";
import type { Logger } from "../log.ts";
import { ending, type Ending } from "../outcome.ts";
import type { SessionDocument, SessionState, SessionView } from "../session-document.ts";
import type { Admission } from "./admission.ts";
import { openGate, prepare } from "./launch.ts";
import { PREPARATION_LIMIT_MS, type LaunchContext } from "./launch-context.ts";
import { LaunchError } from "./launch-stage.ts";
import { passesOutputLimit } from "./output-limit.ts";
import type {
  Clock,
  Credentials,
  Engine,
  HostPaths,
  OpenRecord,
  SessionProfile,
  Workspaces,
} from "./ports.ts";
import { ReleaseStack } from "./release-stack.ts";
import { untilItSucceeds } from "./retry.ts";
import { sleepUntil } from "./sleep.ts";
import { supervise, type EndOrder } from "./supervise.ts";

/** What every session of a daemon shares. */
export interface SessionHost {
  readonly instance: string;
  readonly engine: Engine;
  readonly workspaces: Workspaces;
  readonly credentials: Credentials;
  readonly hostPaths: HostPaths;
  readonly admission: Admission;
  readonly clock: Clock;
  readonly log: Logger;
  /** Told that a seal will come, so that it need not wait for what seals. */
  readonly prepareSeal: () => void;
}

/** What is fixed about a session when it is accepted, beyond its record. */
export interface SessionPlan {
  readonly profile: SessionProfile;
  /** From the hand-over on; undefined means that the session may run for ever. */
  readonly timeoutMs: number | undefined;
  /** What the console log may have, in bytes. */
  readonly logLimitBytes: number;
}

/** One session from acceptance to its sealed record. */
export class Session {
  readonly record: OpenRecord;
  readonly #host: SessionHost;
  readonly #plan: SessionPlan;
  readonly #log: Logger;
  /** Aborted, with the order as its reason, when the session shall end. */
  readonly #order = new AbortController();
  #state: SessionState = "queued";
  #trouble: string | undefined;
  /** What is being prepared; undefined once the command runs. */
  #activity: string | undefined;

  constructor(host: SessionHost, plan: SessionPlan, record: OpenRecord) {
    this.record = record;
    this.#host = host;
    this.#plan = plan;
    this.#log = host.log.child({ session: record.id, profile: plan.profile.name });
  }

  get id(): string {
    return this.record.id;
  }

  /** Why teardown or sealing failed last; undefined when nothing is wrong. */
  get trouble(): string | undefined {
    return this.#trouble;
  }

  /** The session as the operator sees it now. */
  view(): SessionView {
    const waiting = this.#host.admission.position(this.id);
    return {
      ...this.record.document,
      state: this.#state,
      position: waiting?.position ?? null,
      reason: waiting?.reason ?? this.#trouble ?? this.#activity ?? null,
      record: this.record.directory,
    };
  }

  /**
   * Asks the session to end, in whatever state it is; the first reason stays.
   *
   * @param graceMs between SIGTERM and SIGKILL; undefined means the plan's.
   */
  stop(graceMs?: number): void {
    this.#end({
      outcome: "cancelled",
      cause: "stopped by the operator",
      graceMs: graceMs ?? this.#plan.profile.graceMs,
    });
  }

  /** Lives the session through, once. Resolves with the sealed document; does not reject. */
  async live(): Promise<SessionDocument> {
    const { admission } = this.#host;
    const admitted = await admission.enter(this.id, this.#order.signal);
    const resources = new ReleaseStack();
    try {
      return await this.#finish(admitted ? await this.#run(resources) : this.#orderedEnding(), resources);
    } finally {
      if (admitted) admission.leave();
    }
  }

  async #run(resources: ReleaseStack): Promise<Ending> {
    try {
      return await this.#launchAndSupervise(resources);
    } catch (error) {
      if (this.#order.signal.aborted) return this.#orderedEnding();
      if (error instanceof LaunchError) {
        return ending("launch_failed", { stage: error.stage, cause: error.message });
      }
      this.#log.error({ error }, "session lost");
      return this.#state === "running"
        ? ending("interrupted", { cause: sentence(error) })
        : ending("launch_failed", { stage: "start", cause: sentence(error) });
    }
  }

  async #launchAndSupervise(resources: ReleaseStack): Promise<Ending> {
    const { engine, clock } = this.#host;
    // Not durable: after a power cut a session that was preparing begins anew, like one that was queued.
    await this.#enter("preparing", "started", {}, { durable: false });
    using limit = this.#preparationLimit();
    const context = this.#launchContext(resources, limit.signal);
    const prepared = await prepare(context);

    const watch = new AbortController();
    const exited = engine.waitForExit(prepared.containerId, { signal: watch.signal });
    try {
      await openGate(prepared, context, exited, () => this.#enter("running", "gate_opened"));
      await this.record.update({ start_timestamp: this.#now() });
      this.#startDeadline(watch.signal);
      this.#watchOutput(watch.signal);
      this.#host.prepareSeal();
      const ordered = this.#ordered();
      return await supervise({ containerId: prepared.containerId, engine, clock, exited, ordered });
    } finally {
      watch.abort();
      exited.catch(() => undefined); // Aborted above when the gate never opened; nobody waits any more.
    }
  }

  /** Journals the end before anything is torn down, tears down, seals; tries again until all of it worked. */
  async #finish(end: Ending, resources: ReleaseStack): Promise<SessionDocument> {
    const endTimestamp = this.#now();
    const steps = async (): Promise<SessionDocument> => {
      if (this.#state !== "finishing") await this.#enter("finishing", "ended", { ...end });
      await resources.release();
      return await this.record.seal({ ...end, end_timestamp: endTimestamp });
    };
    const document = await untilItSucceeds(steps, this.#host.clock, async (error, retryInMs) => {
      this.#trouble = sentence(error);
      this.#log.warn({ error, retry_in_ms: retryInMs }, "session not finished, trying again");
      // The journal may be what fails; the log and the status have the reason in any case.
      await this.record
        .journal(this.#state, "finish_failed", { reason: this.#trouble })
        .catch(() => undefined);
    });
    this.#trouble = undefined;
    this.#state = "sealed";
    this.#log.info({ outcome: end.outcome, exit_code: end.exit_code, stage: end.stage }, "session sealed");
    return document;
  }

  async #enter(
    state: SessionState,
    event: string,
    details: Readonly<Record<string, unknown>> = {},
    options: { readonly durable: boolean } = { durable: true },
  ): Promise<void> {
    await this.record.journal(state, event, details, options);
    this.#state = state;
    this.#activity = undefined;
    this.#log.info({ state, ...details }, "session state");
  }

  #launchContext(resources: ReleaseStack, preparation: AbortSignal): LaunchContext {
    const { instance, engine, workspaces, credentials, hostPaths } = this.#host;
    const { profile, timeoutMs } = this.#plan;
    return {
      instance,
      engine,
      workspaces,
      credentials,
      hostPaths,
      profile,
      record: this.record,
      resources,
      onActivity: (activity) => (this.#activity = activity),
      lifetimeMs: timeoutMs === undefined ? undefined : timeoutMs + profile.graceMs,
      signal: AbortSignal.any([this.#order.signal, preparation]),
    };
  }

  #preparationLimit(): { readonly signal: AbortSignal } & Disposable {
    const { clock } = this.#host;
    const limit = new AbortController();
    const done = new AbortController();
    void sleepUntil(clock.monotonic() + PREPARATION_LIMIT_MS, { clock, signal: done.signal }).then((over) => {
      if (!over) return;
      limit.abort(
        new AgentdError("preparation_timeout", {
          tried: "prepare the session",
          why: `it took more than ${PREPARATION_LIMIT_MS / 60_000} minutes`,
          next: "Look in the record's events.jsonl for the last step that was done.",
        }),
      );
    });
    return { signal: limit.signal, [Symbol.dispose]: () => done.abort() };
  }

  #startDeadline(signal: AbortSignal): void {
    const { clock } = this.#host;
    const { timeoutMs, profile } = this.#plan;
    if (timeoutMs === undefined) return;
    void sleepUntil(clock.monotonic() + timeoutMs, { clock, signal }).then((over) => {
      if (!over) return;
      const cause = `ran longer than ${timeoutMs / 1000} s`;
      this.#end({ outcome: "timed_out", cause, graceMs: profile.graceMs });
    });
  }

  #watchOutput(signal: AbortSignal): void {
    const { clock } = this.#host;
    const { logLimitBytes } = this.#plan;
    const passed = passesOutputLimit(this.record.consoleLogPath, logLimitBytes, { clock, signal });
    passed.then(
      (over) => {
        if (!over) return;
        const cause = `printed more than daemon.log_limit allows (${logLimitBytes} bytes)`;
        // Without grace, in which it would go on printing.
        this.#end({ outcome: "output_limit_exceeded", cause, graceMs: 0 });
      },
      (error: unknown) => this.#log.error({ error }, "output not watched"),
    );
  }

  #end(order: EndOrder): void {
    if (!this.#order.signal.aborted) this.#log.info({ outcome: order.outcome }, "session told to end");
    this.#order.abort(order);
  }

  #ordered(): Promise<EndOrder> {
    const { signal } = this.#order;
    return new Promise((resolve) => {
      if (signal.aborted) resolve(signal.reason as EndOrder);
      else signal.addEventListener("abort", () => resolve(signal.reason as EndOrder), { once: true });
    });
  }

  #orderedEnding(): Ending {
    const { outcome, cause } = this.#order.signal.reason as EndOrder;
    return ending(outcome, { cause });
  }

  #now(): string {
    return new Date(this.#host.clock.now()).toISOString();
  }
}
