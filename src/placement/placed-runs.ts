import { createHash, randomBytes } from "node:crypto";
import { Backoff } from "../backoff.ts";
import { AgentdError, sentence } from "../errors.ts";
import type { Failpoints } from "../failpoints.ts";
import type { ChannelConnection, ChannelStatus } from "./channel/control.ts";
import { decidePlaced } from "./decide-placed.ts";
import { jobName, type Observation, type PlacedJob, type PlacedLimits, type Placement } from "./placement.ts";
import { ToldRunners } from "./told-runners.ts";

/** A session to be run on another machine. */
export interface PlacedRun {
  readonly sessionId: string;
  readonly limits: PlacedLimits;
  /** What is to be run; JSON, without a secret. */
  readonly plan: string;
  readonly credentials: string;
  /** How long its command may take to end when it is told to. */
  readonly graceMs: number;
  /** Absolute paths of the head's files for what comes from the node, and how much may come. */
  readonly console: { readonly path: string; readonly most_bytes: number };
  readonly record: { readonly path: string; readonly most_bytes: number };
}

/** What became of a session. */
export type PlacedEnd =
  /** The node's record is here. */
  | { readonly kind: "collected"; readonly status: ChannelStatus }
  | { readonly kind: "launch_failed"; readonly why: string }
  | { readonly kind: "interrupted"; readonly why: string };

export interface PlacedRunsOptions {
  readonly placement: Placement;
  readonly channel: Pick<ChannelConnection, "call">;
  /** 8 hex digits of the daemon's instance. */
  readonly head: string;
  /** Where nodes reach the channel. */
  readonly address: string;
  readonly fingerprint: string;
  /** Milliseconds of a clock that never jumps. */
  readonly monotonic: () => number;
  /** How often the engine is asked at most. Default 0: at each look. */
  readonly engineMs?: number | undefined;
  readonly failpoints?: Failpoints | undefined;
  /** Tells what is known of a session, at each look. */
  readonly onSeen?: ((seen: PlacedSeen) => void) | undefined;
  /** Tells what was done about a session. */
  readonly onStep?: ((step: PlacedStep) => void) | undefined;
}

/** What is known of a session. */
export interface PlacedSeen {
  readonly sessionId: string;
  readonly status: ChannelStatus | undefined;
  /** Of its last job; undefined where the engine was not asked. */
  readonly observation: Observation | undefined;
}

/** Something that was done, for the journal of a session. */
export interface PlacedStep {
  readonly sessionId: string;
  readonly step: "submitted" | "submission_unknown";
  readonly job: string;
  readonly why?: string | undefined;
}

/** Bounds how long a request to the channel, on this host, may hang. */
const ANSWER_MS = 30_000;

/** A node whose runner fails at once is not asked again at once, nor an engine that has lost a job. */
const PAUSES = { firstMs: 1_000, longestMs: 300_000 };
const ABSENT: Observation = { at: "absent" };
const NOT_ASKED: Observation = { at: "unknown", why: "the engine was asked a moment ago" };

interface Known {
  readonly run: PlacedRun;
  /** Of which it is unknown whether it was submitted: submitted again under the same name. */
  unsure: PlacedJob | undefined;
  isGivenUp: boolean;
  /** Jobs that the engine has ended before a runner came. */
  readonly failed: Set<string>;
  /** When a node may be asked for the next resume, or the engine for a job in the place of a lost one. */
  readonly pauses: Backoff;
  notBeforeMs: number;
}

/** Takes placed sessions from their submission to their record, through whatever the engine does meanwhile. */
export class PlacedRuns {
  readonly #options: PlacedRunsOptions;
  readonly #known = new Map<string, Known>();
  readonly #told: ToldRunners;
  #askAtMs = -Infinity;

  constructor(options: PlacedRunsOptions) {
    this.#options = options;
    this.#told = new ToldRunners({ ...options, answerMs: ANSWER_MS });
  }

  /** Also one that an earlier daemon had begun: which jobs it has is in the channel. */
  add(run: PlacedRun): void {
    this.#known.set(run.sessionId, {
      ...{ run, unsure: undefined, isGivenUp: false, failed: new Set() },
      ...{ pauses: new Backoff(PAUSES), notBeforeMs: -Infinity },
    });
  }

  get isEmpty(): boolean {
    return this.#known.size === 0;
  }

  /** Forgets one that needs no looks any more. */
  remove(sessionId: string): void {
    this.#known.delete(sessionId);
    this.#told.forget(sessionId);
  }

  /** An operator's order: nobody waits for the session any more, wherever it may still run. */
  giveUp(sessionId: string): void {
    const known = this.#known.get(sessionId);
    if (known !== undefined) known.isGivenUp = true;
  }

  /**
   * One look at all sessions: the channel and the engine are each asked once, and each session gets one decision.
   *
   * @returns those that have ended, by session; they are not looked at again.
   * @throws AgentdError when the channel does not answer: then nothing is decided.
   */
  async look(signal: AbortSignal): Promise<ReadonlyMap<string, PlacedEnd>> {
    const ids = [...this.#known.keys()];
    const { sessions } = await this.#options.channel.call("status", { sessions: ids }, ANSWER_MS);
    const statuses = new Map(sessions.map((status) => [status.session, status]));
    await this.#supply(sessions);
    const observed = await this.#observe(sessions, signal);
    const ended = new Map<string, PlacedEnd>();
    for (const [id, known] of this.#known) {
      const status = statuses.get(id);
      const last = status?.jobs.at(-1)?.name ?? "";
      const observation = last === "" ? ABSENT : (observed?.get(last) ?? (observed ? ABSENT : NOT_ASKED));
      this.#options.onSeen?.({ sessionId: id, status, observation: observed?.get(last) });
      if (status !== undefined) await this.#told.judge(status, known.run.graceMs, observed);
      const end = await this.#decide(known, status, observation, signal);
      if (end === undefined) continue;
      ended.set(id, end);
      this.#known.delete(id);
    }
    return ended;
  }

  /** Asks about those for which it matters; undefined when the engine is not asked now. */
  async #observe(
    statuses: readonly ChannelStatus[],
    signal: AbortSignal,
  ): Promise<ReadonlyMap<string, Observation> | undefined> {
    const { monotonic, engineMs = 0, placement } = this.#options;
    const silent = statuses.filter((status) => !status.is_connected && status.collected === null);
    const told = this.#told.toAsk(statuses);
    const jobs = [...silent.flatMap((status) => status.jobs.slice(-1)), ...told.jobs];
    if (jobs.length === 0 || (monotonic() < this.#askAtMs && !told.isNew)) return undefined;
    this.#askAtMs = monotonic() + engineMs;
    return await placement.observe(jobs, { signal });
  }

  /** What a channel that was started anew does not know any more. */
  async #supply(statuses: readonly ChannelStatus[]): Promise<void> {
    for (const { session, is_supplied: isSupplied } of statuses) {
      const known = this.#known.get(session);
      if (isSupplied || known === undefined) continue;
      this.#told.forget(session);
      const { plan, credentials } = known.run;
      await this.#options.channel.call("supply", { session, plan, credentials }, ANSWER_MS);
    }
  }

  async #decide(
    known: Known,
    status: ChannelStatus | undefined,
    observation: Observation,
    signal: AbortSignal,
  ): Promise<PlacedEnd | undefined> {
    const claim = status?.claim && {
      bootId: status.claim.boot_id,
      laterBootId: status.later_boot_id ?? undefined,
      isConnected: status.is_connected,
    };
    const submitted = status?.jobs.filter((job) => !job.is_resume).length ?? 0;
    const last = status?.jobs.at(-1)?.name;
    if (last !== undefined && observation.at === "ended") known.failed.add(last);
    const attempts = { submitted, failed: known.failed.size, isGivenUp: known.isGivenUp };
    const { sessionId } = known.run;
    const isCollected = (status?.collected ?? null) !== null;
    switch (decidePlaced(claim ?? undefined, observation, isCollected, attempts)) {
      case "wait":
        return undefined;
      case "submit":
        if (last !== undefined && observation.at === "absent" && !this.#isTime(known)) return undefined;
        return await this.#submit(known, status, undefined, signal);
      case "resume_on_node":
        if (!this.#isTime(known)) return undefined;
        return await this.#submit(known, status, status?.claim?.node, signal);
      case "seal":
        return status && { kind: "collected", status };
      case "launch_failed": {
        // One may have come since it was asked.
        if (!(await this.#close(sessionId, true))) return undefined;
        const said = inWords(observation);
        return {
          ...{ kind: "launch_failed" },
          why: `no runner has come for any of its ${submitted} jobs; of the last one the engine says: ${said}`,
        };
      }
      case "interrupted": {
        await this.#close(sessionId, false);
        const why = known.isGivenUp
          ? "an operator has given it up"
          : "its node was started anew while it ran";
        return { kind: "interrupted", why };
      }
    }
  }

  /** Whether another job may be submitted now; the pause until the next one is longer. */
  #isTime(known: Known): boolean {
    const now = this.#options.monotonic();
    if (now < known.notBeforeMs) return false;
    known.notBeforeMs = now + known.pauses.next();
    return true;
  }

  async #submit(
    known: Known,
    status: ChannelStatus | undefined,
    node: string | undefined,
    signal: AbortSignal,
  ): Promise<PlacedEnd | undefined> {
    const { placement, onStep } = this.#options;
    const { sessionId } = known.run;
    // One that was to start the session is no use once a runner has it.
    const unsure = known.unsure?.node === node ? known.unsure : undefined;
    const job = unsure ?? (await this.#newJob(known.run, status, node));
    known.unsure = job;
    const about = { sessionId, job: jobName(job) };
    try {
      await placement.submit(job, { signal });
      known.unsure = undefined;
      onStep?.({ ...about, step: "submitted" });
      return undefined;
    } catch (error) {
      if (!(error instanceof AgentdError)) throw error;
      if (error.code !== "placement_refused" || node !== undefined) {
        onStep?.({ ...about, step: "submission_unknown", why: sentence(error) });
        return undefined;
      }
      if (!(await this.#close(sessionId, true))) return undefined;
      return { kind: "launch_failed", why: sentence(error) };
    }
  }

  /** A job whose token the channel knows before the engine has it. */
  async #newJob(
    { sessionId, limits, plan, credentials, console, record }: PlacedRun,
    status: ChannelStatus | undefined,
    node: string | undefined,
  ): Promise<PlacedJob> {
    const { head, address, fingerprint, channel } = this.#options;
    const token = randomBytes(32).toString("base64url");
    const job: PlacedJob = {
      ...{ head, sessionId, limits, node },
      attempt: (status?.jobs.length ?? 0) + 1,
      isResume: node !== undefined,
      claim: { address, fingerprint, token },
    };
    const ticket = {
      ...{ session: sessionId, job: jobName(job), is_resume: job.isResume },
      token_sha256: createHash("sha256").update(token).digest("hex"),
    };
    await channel.call("expect", { ...ticket, plan, credentials, console, record }, ANSWER_MS);
    return job;
  }

  async #close(session: string, onlyUnclaimed: boolean): Promise<boolean> {
    const request = { session, only_unclaimed: onlyUnclaimed };
    return (await this.#options.channel.call("close", request, ANSWER_MS)).closed;
  }
}

function inWords(observation: Observation): string {
  if (observation.at !== "ended") return observation.at;
  const { engineState, reason } = observation;
  return reason === undefined ? engineState : `${engineState} (${reason})`;
}
