import { sentence } from "../errors.ts";
import { type Ending, ending } from "../outcome.ts";
import { exclusiveVolumes } from "../profile/rules/volumes.ts";
import type { SessionDocument, SessionView } from "../session-document.ts";
import { type Ended, finish } from "./end/finish.ts";
import { clearAway, leaveBehind } from "./end/relinquish.ts";
import { endingAsSaid } from "./end/what-it-said.ts";
import { launchAndFollow } from "./launch/launch-and-follow.ts";
import type { SessionHost } from "./parts/session-host.ts";
import type { SessionParts } from "./parts/session-parts.ts";
import { LaunchError } from "./port/launch-stage.ts";
import type { OpenRecord } from "./port/ports.ts";
import { Place } from "./queue/place.ts";
import { adopt } from "./run/adopt.ts";
import { Hands } from "./run/hands.ts";
import { type Beginning, NOTHING_KEPT, NOTHING_PUBLISHED } from "./state/beginning.ts";
import { type EndOrder, EndOrders } from "./state/end-orders.ts";
import { jobOf } from "./state/job.ts";
import { LiveCommand } from "./state/live-command.ts";
import { Pauses } from "./state/pauses.ts";
import { isPlaced, type SessionPlan } from "./state/plan.ts";
import { StallClock } from "./state/stall-clock.ts";
import { Standing } from "./state/standing.ts";

/** One session from acceptance, or from where an earlier daemon left it, to its sealed record. */
export class Session {
  readonly record: OpenRecord;
  /** What an operator does to it while its command runs. */
  readonly hands: Hands;
  readonly #parts: SessionParts;
  readonly #beginning: Beginning;
  readonly #leaving = new AbortController();
  /** Set while it clears away what an earlier daemon had begun. */
  #clearing: Promise<unknown> | undefined;

  constructor(host: SessionHost, plan: SessionPlan, record: OpenRecord, beginning: Beginning) {
    const log = host.log.child({ session: record.id, profile: plan.profile.name });
    const standing = new Standing(record, { clock: host.clock, log, publish: host.feed.publish });
    this.record = record;
    this.#beginning = beginning;
    const stallClock = new StallClock(host.clock.monotonic);
    const pauses = new Pauses(beginning.at === "command" ? beginning.pauses : undefined, () => {
      stallClock.follow(pauses.isPaused);
      host.feed.publish({ kind: "busy", sessionId: record.id });
    });
    stallClock.follow(pauses.isPaused);
    this.#parts = {
      host,
      plan,
      record,
      standing,
      orders: new EndOrders(
        (order) => journalOrder(order, { ...host, standing }),
        beginning.at === "end" ? undefined : beginning.order,
      ),
      live: new LiveCommand(),
      pauses,
      job: jobOf(plan, record),
      leaving: this.#leaving.signal,
      stallClock,
      log,
    };
    this.hands = new Hands(this.#parts);
  }

  get id(): string {
    return this.record.id;
  }

  /** What its profile allows it. */
  get limits(): Pick<SessionPlan["profile"], "memoryBytes" | "pids" | "diskBytes"> {
    return this.#parts.plan.profile;
  }

  /** Whether it only waits for a place: nothing of it has begun that a daemon would have to end or leave. */
  get isQueued(): boolean {
    return this.#clearing === undefined && this.#parts.host.admission.position(this.id) !== undefined;
  }

  /** Resolves once nothing of an earlier daemon is left of it, when it is left, or at once. */
  async cleared(): Promise<void> {
    await this.#clearing;
  }

  /** Why a step failed that is retried, such as teardown or sealing; undefined when nothing is wrong. */
  get trouble(): string | undefined {
    return this.#parts.standing.trouble;
  }

  /** The session as the operator sees it now. */
  view(): SessionView {
    const { host, standing, pauses } = this.#parts;
    const paused = standing.state === "running" ? pauses.since : undefined;
    const waiting = host.admission.position(this.id);
    return {
      ...this.record.document,
      state: paused === undefined ? standing.state : "paused",
      paused_timestamp: paused ?? null,
      position: waiting?.position ?? null,
      reason: waiting?.reason ?? standing.trouble ?? standing.activity ?? null,
      kept: host.keeping.shown(this.id),
      next_retry: host.followUps.nextRetry(this.id),
      record: this.record.directory,
    };
  }

  /**
   * Orders the session to end, in any state; the first reason stays. Resolves when the order outlives this daemon.
   *
   * @param graceMs between SIGTERM and SIGKILL; undefined means the plan's.
   * @param cause why, in a few words.
   * @throws what journaling throws: the session is stopped anyway.
   */
  async stop(graceMs?: number, cause = "stopped by the operator"): Promise<void> {
    const { orders, plan } = this.#parts;
    const grace = graceMs ?? plan.profile.graceMs;
    await orders.give({ outcome: "cancelled", cause, graceMs: grace });
  }

  /** Makes `live` return without an end: a running command continues, and a preparation is given up. */
  leave(): void {
    this.#leaving.abort(new Error("the daemon leaves its sessions to the next daemon"));
  }

  /** Lives the session through, once. Resolves with the sealed document, or undefined when it was left; never rejects. */
  async live(): Promise<SessionDocument | undefined> {
    const { host, orders, plan } = this.#parts;
    const { name: profile, memoryBytes } = plan.profile;
    const claim = {
      ...{ sessionId: this.id, profile, memoryBytes, volumes: exclusiveVolumes(plan.profile) },
      isPlaced: isPlaced(plan),
    };
    const place = new Place(host.admission, claim, orders.signal);
    const seen = await this.#untilEnd(place);
    // Left: it needs its place no more.
    if (seen === undefined) return undefined;
    const { consoleLogPath } = this.record;
    const lastPrinted = async (): Promise<string> =>
      await host.redaction.redacted(this.id, await host.lastPrinted(consoleLogPath));
    const end = await endingAsSaid(seen, plan.profile, lastPrinted);
    const document = await finish(this.#parts, this.#ended(end), place);
    place.leave();
    return document;
  }

  async #untilEnd(place: Place): Promise<Ending | undefined> {
    const beginning = this.#beginning;
    switch (beginning.at) {
      case "queue":
        return await this.#fromQueue(place.enter());
      case "queue_again":
        return await this.#fromQueue(this.#queueAgain(place, beginning.starts));
      case "launch":
        place.enterAtOnce();
        return await this.#endOf(() => launchAndFollow(this.#parts));
      case "command":
        place.enterAtOnce();
        return await this.#endOf(() => adopt(this.#parts, beginning));
      case "end":
        // Nothing of it runs any more, so it needs no place.
        return beginning.ending;
    }
  }

  async #fromQueue(entered: Promise<boolean>): Promise<Ending | undefined> {
    const { orders, leaving } = this.#parts;
    const isAdmitted = await entered;
    if (leaving.aborted) return undefined;
    return isAdmitted ? await this.#endOf(() => launchAndFollow(this.#parts)) : orders.ending();
  }

  /** Resolves once the session is cleaned up and has a place; with false when it was stopped, or is left. */
  async #queueAgain(place: Place, starts: number): Promise<boolean> {
    // At once, so that sessions queue in the order in which their lives began.
    const entered = place.enter();
    const clearing = clearAway(this.#parts, starts, place);
    this.#clearing = clearing;
    const hasLost = await clearing;
    const reentered = hasLost && !this.#leaving.signal.aborted ? place.enter() : entered;
    this.#clearing = undefined;
    if (this.#leaving.signal.aborted) return false;
    return await reentered;
  }

  /** Says how the session ended, also when its way was cut short; undefined when it was left. */
  async #endOf(way: () => Promise<Ending>): Promise<Ending | undefined> {
    const { standing, orders, leaving, log } = this.#parts;
    try {
      return await way();
    } catch (error) {
      if (leaving.aborted) {
        await leaveBehind(this.#parts);
        return undefined;
      }
      if (orders.signal.aborted) return orders.ending();
      if (error instanceof LaunchError) {
        return ending("launch_failed", { stage: error.stage, cause: error.message });
      }
      log.error({ error }, "session lost");
      return standing.state === "running"
        ? ending("interrupted", { cause: sentence(error) })
        : ending("launch_failed", { stage: "start", cause: sentence(error) });
    }
  }

  #ended(end: Ending): Ended {
    const left = this.#beginning.at === "end" ? this.#beginning : undefined;
    const endTimestamp = left?.endTimestamp ?? new Date(this.#parts.host.clock.now()).toISOString();
    const { isExported = false, publishing = NOTHING_PUBLISHED, keeping = NOTHING_KEPT } = left ?? {};
    return { ending: end, endTimestamp, isExported, publishing, keeping };
  }
}

/** Journals an order before it is carried out, so that the next daemon obeys it, too. */
async function journalOrder(
  { outcome, cause, graceMs }: EndOrder,
  { standing, failpoints }: Pick<SessionParts, "standing"> & Pick<SessionHost, "failpoints">,
): Promise<void> {
  await standing.note("end_ordered", { outcome, cause, grace_ms: graceMs });
  await failpoints.reach("end_ordered");
}
