/** Sends what is in the outbox: the messages of one target one after the other, targets beside each other. */
import type { Failpoints } from "../failpoints.ts";
import type { PostResult } from "../http-post.ts";
import type { Logger } from "../log.ts";
import type { Notice } from "./notice.ts";
import type { Outbox } from "./outbox.ts";
import type { NotifyTarget } from "./target.ts";
import { isDue, MESSAGE_LIFE_MS, pauseAfter } from "./tries.ts";

/** What came of a try. */
export type Delivered =
  | { readonly kind: "accepted" }
  | { readonly kind: "failed"; readonly why: string }
  /** It is not tried again. */
  | { readonly kind: "given up"; readonly why: string }
  | { readonly kind: "gone" };

export interface DeliveriesHost {
  readonly outbox: Outbox;
  /** Undefined when it is configured no more. */
  readonly target: (name: string) => NotifyTarget | undefined;
  readonly send: (target: NotifyTarget, notice: Notice, signal: AbortSignal) => Promise<PostResult>;
  /** Told of each try. */
  readonly settled: (name: string, delivered: Delivered) => Promise<void>;
  readonly isOff: (name: string) => boolean;
  readonly failpoints: Failpoints;
  /** Wall clock, in milliseconds since the epoch. */
  readonly now: () => number;
  /** From 0 to 1. */
  readonly random: () => number;
  readonly log: Logger;
  /** Ends what is being sent. */
  readonly signal: AbortSignal;
}

export class Deliveries {
  readonly #host: DeliveriesHost;
  /** By target, oldest first. */
  readonly #pending = new Map<string, Notice[]>();
  readonly #sending = new Map<string, Promise<void>>();

  /** @param notices what an earlier daemon has left. */
  constructor(host: DeliveriesHost, notices: readonly Notice[]) {
    this.#host = host;
    this.add(notices);
  }

  /** Takes messages that are in the outbox; one that it has already is the same. */
  add(notices: readonly Notice[]): void {
    for (const notice of notices) {
      const pending = this.#pending.get(notice.target) ?? [];
      if (!pending.some(({ id }) => id === notice.id)) pending.push(notice);
      this.#pending.set(notice.target, pending);
    }
  }

  pendingOf(name: string): number {
    return this.#pending.get(name)?.length ?? 0;
  }

  /** Begins to send what is due; returns when more will be, in milliseconds since the epoch. */
  begin(nowMs: number): number {
    let nextMs = Infinity;
    for (const [name, pending] of this.#pending) {
      if (this.#sending.has(name) || this.#host.isOff(name)) continue;
      if (pending.some(({ next_ms: ms }) => isDue(ms, nowMs))) this.#start(name);
      else nextMs = Math.min(nextMs, ...pending.map(({ next_ms: ms }) => ms));
    }
    return nextMs;
  }

  /** Makes what waits for a target due now: whoever takes one message takes the others, too. */
  hurry(name: string): void {
    const nowMs = this.#host.now();
    const pending = this.#pending.get(name) ?? [];
    this.#pending.set(
      name,
      pending.map((each) => ({ ...each, next_ms: Math.min(each.next_ms, nowMs) })),
    );
  }

  /** Resolves when nothing is being sent. */
  async settled(): Promise<void> {
    await Promise.all(this.#sending.values());
  }

  #start(name: string): void {
    const { log, signal } = this.#host;
    const sending = this.#sendDue(name)
      .catch((error: unknown) => {
        if (!signal.aborted) log.error({ error, notify: name }, "notifications cannot be sent");
      })
      .finally(() => this.#sending.delete(name));
    this.#sending.set(name, sending);
  }

  async #sendDue(name: string): Promise<void> {
    const { now, target, outbox } = this.#host;
    for (;;) {
      const pending = this.#pending.get(name) ?? [];
      const notice = pending.find(({ next_ms: ms }) => isDue(ms, now()));
      if (notice === undefined) return;
      const to = target(name);
      if (to === undefined) {
        // Its table is gone from the configuration.
        await outbox.remove(notice.id);
        this.#drop(notice);
      } else if (!(await this.#sendOne(to, notice))) return;
    }
  }

  /** @returns whether the next one may follow at once. */
  async #sendOne(target: NotifyTarget, notice: Notice): Promise<boolean> {
    const { send, outbox, settled, failpoints, signal, log, now } = this.#host;
    await failpoints.reach("notice_sending");
    const result = await send(target, notice, signal);
    await failpoints.reach("notice_sent");
    const about = { notify: target.name, id: notice.id };
    if (result.kind === "gone") {
      log.warn(about, "the receiver of notifications wants no more; `agentd notify test` asks again");
      await settled(target.name, { kind: "gone" });
      return false;
    }
    const isOver = now() - notice.created_ms >= MESSAGE_LIFE_MS;
    if (result.kind === "failed" && !isOver) {
      const { why } = result;
      log.warn({ ...about, why, tries: notice.tries + 1 }, "a notification did not arrive; it is sent again");
      await this.#postpone(notice, result.retryInMs);
      await settled(target.name, { kind: "failed", why });
      return false;
    }
    await outbox.remove(notice.id);
    this.#drop(notice);
    if (result.kind === "accepted") {
      log.info({ ...about, title: notice.occurrence.title }, "notification delivered");
      this.hurry(target.name);
      await settled(target.name, { kind: "accepted" });
      return true;
    }
    log.error({ ...about, why: result.why }, "a notification is given up");
    await settled(target.name, { kind: "given up", why: result.why });
    return true;
  }

  async #postpone(notice: Notice, askedMs: number | undefined): Promise<void> {
    const { now, random, outbox } = this.#host;
    const tries = notice.tries + 1;
    const next = { ...notice, tries, next_ms: now() + pauseAfter(tries, askedMs, random()) };
    const pending = this.#pending.get(notice.target) ?? [];
    this.#pending.set(
      notice.target,
      pending.map((each) => (each.id === notice.id ? next : each)),
    );
    await outbox.put(next);
  }

  #drop({ id, target }: Notice): void {
    const rest = (this.#pending.get(target) ?? []).filter((each) => each.id !== id);
    if (rest.length === 0) this.#pending.delete(target);
    else this.#pending.set(target, rest);
  }
}
