/**
 * Starts the sessions that follow others: the next try, and those of profiles in a chain.
 *
 * What is owed is a file in the state directory from before the seal until the last session was accepted. A session that was
 * accepted before a daemon died is found by its request id, which names the session that it follows; so each starts once.
 */
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import * as z from "zod";
import { AgentdError } from "../errors.ts";
import type { Failpoints } from "../failpoints.ts";
import type { Logger } from "../log.ts";
import type { NextRetry } from "../next-retry.ts";
import { OwedWork } from "../owed-work.ts";
import type { EndedSession, FollowUpsPort } from "../sessions/port/follow-ups.ts";
import { type FollowUp, followUpsOf } from "./follow-ups-of.ts";

/** The longest sleep, so that a clock that was set is noticed. */
const LONGEST_NAP_MS = 60_000;

/** How long to wait when the daemon cannot accept the session now. */
const AGAIN_MS = 60_000;

/** Refusals that may pass: a disk with room is all that they need. */
const PASSING = ["disk_low", "record_unusable", "state_unusable"];

const owedSchema = z.object({
  /** Of the record. */
  directory: z.string(),
  runs: z.array(
    z.discriminatedUnion("kind", [
      z.object({ kind: z.literal("retry"), profile: z.string(), number: z.int(), due: z.iso.datetime() }),
      z.object({ kind: z.literal("chain"), profile: z.string(), due: z.iso.datetime() }),
    ]),
  ),
});

type Owed = z.infer<typeof owedSchema>;

/** The session that another one follows. */
export interface Before {
  readonly sessionId: string;
  /** Directory of its record, which is sealed. */
  readonly directory: string;
}

/** A try that waits for its time. */
export interface PendingRetry extends NextRetry {
  readonly profile: string;
  /** The session that it tries again. */
  readonly session_id: string;
}

export interface FollowUpsOptions {
  readonly stateDirectory: string;
  readonly log: Logger;
  readonly failpoints: Failpoints;
  /** Wall clock, in milliseconds since the epoch. */
  readonly now: () => number;
  /** Names of the profiles whose sessions follow one of this profile that has ended like this. */
  readonly chained: (ended: Pick<EndedSession, "profile" | "outcome">) => readonly string[];
  readonly isSealed: (directory: string) => Promise<boolean>;
  /** Accepts the session, once for the same one before and profile; resolves to its id. */
  readonly start: (run: FollowUp, before: Before) => Promise<string>;
}

export class FollowUps implements FollowUpsPort {
  readonly #options: FollowUpsOptions;
  readonly #owed: OwedWork<Owed>;
  readonly #closing = new AbortController();
  readonly #pending = new Map<string, Promise<void>>();
  /** By the session that they try again. */
  readonly #retries = new Map<string, PendingRetry>();

  constructor(options: FollowUpsOptions) {
    this.#options = options;
    this.#owed = new OwedWork({
      directory: join(options.stateDirectory, "followups"),
      schema: owedSchema,
      next: "Remove the file: no session follows that one then.",
    });
  }

  async owe(ended: EndedSession): Promise<void> {
    const { sessionId, directory } = ended;
    const runs = followUpsOf(ended, this.#options.chained(ended));
    if (runs.length === 0 || !(await this.#owed.add(sessionId, { directory, runs }))) return;
    this.#note(sessionId, runs);
    await this.#options.failpoints.reach("follow_ups_owed");
  }

  sealed(sessionId: string): void {
    const { closing, log } = { closing: this.#closing.signal, log: this.#options.log };
    if (closing.aborted || this.#pending.has(sessionId)) return;
    const pending = this.#startAll(sessionId)
      .catch((error: unknown) => {
        if (!closing.aborted) log.error({ error, session: sessionId }, "sessions that follow this one");
      })
      .finally(() => this.#pending.delete(sessionId));
    this.#pending.set(sessionId, pending);
  }

  nextRetry(sessionId: string): NextRetry | null {
    const { number, due_timestamp } = this.#retries.get(sessionId) ?? {};
    return number === undefined || due_timestamp === undefined ? null : { number, due_timestamp };
  }

  /** The tries that wait for their time, the next ones first. @param profile undefined: of all. */
  retries(profile: string | undefined, limit: number): PendingRetry[] {
    return [...this.#retries.values()]
      .filter((each) => profile === undefined || each.profile === profile)
      .sort((one, other) => Date.parse(one.due_timestamp) - Date.parse(other.due_timestamp))
      .slice(0, limit);
  }

  /** Goes on with what an earlier daemon owed. A session that is not sealed yet is left to its own end. */
  async resume(): Promise<void> {
    await this.#owed.resume(this.#options.isSealed, (sessionId) => this.sealed(sessionId));
  }

  /** Starts no more; the next daemon goes on. */
  async close(): Promise<void> {
    this.#closing.abort(new Error("the daemon ends"));
    await Promise.all(this.#pending.values());
  }

  async #startAll(sessionId: string): Promise<void> {
    const owed = await this.#owed.read(sessionId);
    if (owed === undefined) return;
    const { directory } = owed;
    this.#note(sessionId, owed.runs);
    for (const [index, run] of owed.runs.entries()) {
      await this.#until(Date.parse(run.due));
      while (!(await this.#start(run, { sessionId, directory }))) {
        await this.#until(this.#options.now() + AGAIN_MS);
      }
      if (run.kind === "retry") this.#retries.delete(sessionId);
      await this.#options.failpoints.reach("follow_up_accepted");
      await this.#owed.write(sessionId, { directory, runs: owed.runs.slice(index + 1) });
    }
    await this.#owed.forget(sessionId);
  }

  /** Notes the try that waits. */
  #note(sessionId: string, runs: readonly FollowUp[]): void {
    for (const run of runs) {
      if (run.kind !== "retry") continue;
      const { profile, number, due: due_timestamp } = run;
      this.#retries.set(sessionId, { session_id: sessionId, profile, number, due_timestamp });
    }
  }

  /** @returns false when it is to be tried again. Throws when the next daemon is to do so. */
  async #start(run: FollowUp, before: Before): Promise<boolean> {
    const { log } = this.#options;
    const about = { follows: before.sessionId, profile: run.profile, why: run.kind };
    try {
      const session = await this.#options.start(run, before);
      log.info({ ...about, session }, "a session follows another");
      return true;
    } catch (error) {
      const code = error instanceof AgentdError ? error.code : "internal";
      if (code === "daemon_stopping") throw error;
      const isPassing = PASSING.includes(code);
      log.warn({ ...about, error, again: isPassing }, "a session that follows another was refused");
      return !isPassing;
    }
  }

  /** Resolves when the wall clock shows a time; rejects when the daemon ends. */
  async #until(timeMs: number): Promise<void> {
    const { signal } = this.#closing;
    signal.throwIfAborted();
    for (let left = timeMs - this.#options.now(); left > 0; left = timeMs - this.#options.now()) {
      await sleep(Math.min(left, LONGEST_NAP_MS), undefined, { signal });
    }
  }
}
