import { AgentdError } from "../errors.ts";
import type { Given } from "../input/given.ts";
import { WORK_UNIT } from "../input/rules.ts";
import { LLM_TIMEOUT_MS } from "../profile/keys/llm.ts";
import type { Profile } from "../profile/profile.ts";
import { requestKey } from "../request-key.ts";
import { acceptedDocument, type SessionDocument, type SessionView } from "../session-document.ts";
import type { SessionHost } from "./parts/session-host.ts";
import type { OpenRecord } from "./port/ports.ts";
import { sleepUntil } from "./port/sleep.ts";
import type { LeftAlone, Recovery } from "./recovery/recover.ts";
import { exceptionsOf } from "./run-exceptions.ts";
import { checkEnv, inputOf, type RunInput } from "./run-input.ts";
import { repositoryOf, type RunRepository } from "./run-repository.ts";
import { type Origin, triggerFields } from "./run-trigger.ts";
import { Session } from "./session.ts";
import type { Beginning } from "./state/beginning.ts";
import { plannedProfile, type SessionPlan, sessionPlanSchema } from "./state/plan.ts";

/** How many answered requests are remembered, so that a repeated one gets the same session. */
const REMEMBERED_REQUESTS = 10_000;

/** How long sessions may take to stop their work when the daemon leaves them. */
const LEAVING_LIMIT_MS = 5_000;

/** A request for a session. */
export interface RunRequest extends Origin {
  /** Made by the client: the same one never starts a second session. */
  readonly requestId: string;
  readonly profile: string;
  readonly repo?: string | undefined;
  readonly ref?: string | undefined;
  readonly workUnit?: string | undefined;
  readonly timeoutMs?: number | undefined;
  /** What the operator gives to the session, checked once the request is known to be new. Default: nothing. */
  readonly given?: (() => Promise<Given>) | undefined;
  /** Called when `given` was, with whether the session was accepted. */
  readonly givenOver?: ((isAccepted: boolean) => Promise<void>) | undefined;
  /** Variables besides the profile's, by name. */
  readonly env?: Readonly<Record<string, string>> | undefined;
  /** Whether it is kept after its end, whatever its profile says. Default false. */
  readonly keep?: boolean | undefined;
  /** The session that is run again. */
  readonly rerunOf?: string | undefined;
}

/** What the intake needs beyond what sessions share. */
export interface IntakeHost extends SessionHost {
  /** What the configuration says now of the profile of that name. */
  profile(name: string): ProfileInUse | undefined;
  /** The names of all profiles, for the error about an unknown one. */
  profileNames(): readonly string[];
  createRecord(accepted: {
    readonly document: Omit<SessionDocument, "session_id">;
    readonly requestId: string;
    readonly plan: SessionPlan;
    readonly input: RunInput["placed"];
  }): Promise<OpenRecord>;
  /** Checks an artifact of the profile's methodology. Throws `artifact_invalid` or `methodology_invalid`. */
  checkArtifact(profile: Profile, artifact: NonNullable<Given["artifact"]>): Promise<void>;
}

/** What a session is accepted with, and keeps when the configuration changes. */
export interface ProfileInUse {
  readonly profile: Profile;
  /** Of the settings that this comes from. */
  readonly digest: string;
  /** The limit of a console log, in bytes. */
  readonly logLimitBytes: number;
  /** How long a session may be paused in all, in milliseconds. */
  readonly pauseMaxMs: number;
}

interface OpenSession {
  readonly session: Session;
  /** Resolves when the session is sealed, or this daemon has left it. */
  readonly over: Promise<SessionDocument | undefined>;
}

/** Accepts sessions and knows those that are not sealed yet. */
export class Intake {
  readonly #host: IntakeHost;
  readonly #open = new Map<string, OpenSession>();
  /** Session ids by the keys of their requests, oldest first. */
  readonly #requests = new Map<string, Promise<string>>();
  #leftAlone: readonly LeftAlone[] = [];
  #closed = false;

  constructor(host: IntakeHost) {
    this.#host = host;
  }

  /** Whether `close` was called. */
  get closed(): boolean {
    return this.#closed;
  }

  /** The sessions that are not sealed, oldest first. */
  get openSessions(): readonly Session[] {
    return [...this.#open.values()].map(({ session }) => session);
  }

  /** An open session; undefined when it is sealed or never was. */
  get(sessionId: string): Session | undefined {
    return this.#open.get(sessionId)?.session;
  }

  /** Sessions that make no progress, and why. */
  get incomplete(): readonly LeftAlone[] {
    const inTrouble = this.openSessions.flatMap(({ id, trouble }) =>
      trouble === undefined ? [] : [{ id, reason: trouble }],
    );
    return [...this.#leftAlone, ...inTrouble];
  }

  /**
   * Resolves with the sealed view of an open session, and never when this daemon leaves it before; undefined when there
   * is no such open session.
   */
  sealed(sessionId: string): Promise<SessionView> | undefined {
    const open = this.#open.get(sessionId);
    if (open === undefined) return undefined;
    return new Promise((resolve) => {
      void open.over.then((document) => document && resolve(open.session.view()));
    });
  }

  /**
   * Continues what an earlier daemon has left.
   *
   * @param answered ids of sealed sessions by the keys of their requests, oldest first.
   */
  resume({ sessions, leftAlone }: Recovery, answered: ReadonlyMap<string, string>): void {
    for (const [key, id] of answered) this.#requests.set(key, Promise.resolve(id));
    this.#leftAlone = leftAlone;
    for (const { record, plan, requestId, beginning } of sessions) {
      this.#requests.set(requestKey(requestId), Promise.resolve(record.id));
      this.#begin(plan, record, beginning);
    }
  }

  /**
   * Accepts a session: its record is on disk when this resolves, with its id.
   *
   * @throws AgentdError when the request cannot be accepted; nothing is recorded then.
   */
  async accept(request: RunRequest): Promise<string> {
    const key = requestKey(request.requestId);
    const earlier = this.#requests.get(key);
    if (earlier !== undefined) return await earlier;
    const accepting = this.#accept(request);
    this.#remember(key, accepting);
    return await accepting;
  }

  /** Accepts no new sessions and starts no queued ones. */
  close(): void {
    this.#closed = true;
    this.#host.admission.close();
  }

  /** Resolves when every session that has begun is sealed. Call `close` first. */
  async drained(): Promise<void> {
    const sealedOrQueued = async ({ session, over }: OpenSession): Promise<void> => {
      await session.cleared();
      if (!session.isQueued) await over;
    };
    await Promise.all([...this.#open.values()].map(sealedOrQueued));
  }

  /** Leaves all sessions to the next daemon: running ones continue, queued ones stay queued. Ends in a few seconds. */
  async detached(): Promise<void> {
    const { clock, log } = this.#host;
    const begun = [...this.#open.values()].filter(({ session }) => !session.isQueued);
    for (const { session } of begun) session.leave();
    const left = new AbortController();
    const tooLong = sleepUntil(clock.monotonic() + LEAVING_LIMIT_MS, { clock, signal: left.signal });
    const gone = Promise.all(begun.map(({ over }) => over)).then(() => false);
    if (await Promise.race([gone, tooLong])) log.warn("sessions do not stop; leaving them as they are");
    left.abort();
  }

  async #accept(request: RunRequest): Promise<string> {
    let isAccepted = false;
    try {
      const id = await this.#record(request);
      isAccepted = true;
      return id;
    } finally {
      // What is left of an upload is removed later: it must not fail the run.
      await request.givenOver?.(isAccepted).catch(() => undefined);
    }
  }

  async #record(request: RunRequest): Promise<string> {
    const { profile: written, digest, logLimitBytes, pauseMaxMs, repoUrl, ref } = this.#check(request);
    const host = this.#host;
    const profile = plannedProfile(written);
    // Beside writing down that the session is accepted. In a queue, it would be too early.
    if (!host.admission.hasWaiting) host.executor.foresee({ profile });
    const env = checkEnv(request, written);
    const exceptions = exceptionsOf(written, host.clock.now());
    const input = await inputOf(request, { profile: written, ref, host });
    await host.freeSpace.require(`run a session of profile ${JSON.stringify(request.profile)}`);
    // A profile with a key that the next daemon would not read back is refused here, before anything is recorded.
    const plan = sessionPlanSchema.parse({
      profile: request.keep === true ? { ...profile, keep: "always" } : profile,
      timeoutMs: request.timeoutMs ?? profile.timeoutMs ?? longestOf(profile),
      logLimitBytes,
      pauseMaxMs,
    } satisfies SessionPlan);
    const nowMs = host.clock.now();
    const trigger = triggerFields(request, nowMs);
    const accepted = acceptedDocument({
      profile: profile.name,
      repo_url: repoUrl,
      workspace: profile.workspace,
      directory: profile.directory ?? null,
      ref,
      work_unit: request.workUnit ?? null,
      trigger: trigger.trigger,
      image: profile.baseImage,
      command: [...profile.command],
      config_digest: digest,
      queued_timestamp: new Date(nowMs).toISOString(),
      ...input.fields,
      env,
      rerun_of: request.rerunOf ?? null,
      exceptions,
    });
    const record = await host.createRecord({
      ...{ document: { ...accepted, ...trigger }, requestId: request.requestId, plan },
      input: input.placed,
    });
    this.#begin(plan, record, { at: "queue" });
    await host.failpoints.reach("accepted");
    return record.id;
  }

  #check(request: RunRequest): ProfileInUse & RunRepository {
    const tried = `run a session of profile ${JSON.stringify(request.profile)}`;
    if (this.#closed) {
      throw new AgentdError("daemon_stopping", {
        tried,
        why: "the daemon is shutting down and takes no new work",
        next: "Try again after the daemon has restarted.",
      });
    }
    const found = this.#host.profile(request.profile);
    if (found === undefined) {
      throw new AgentdError("unknown_profile", {
        tried,
        why: "the daemon's configuration has no such profile",
        next: `Add it to the configuration file and reload the daemon, or use an existing profile: ${this.#host.profileNames().join(", ")}.`,
      });
    }
    if (request.workUnit !== undefined && !WORK_UNIT.test(request.workUnit)) {
      throw new AgentdError("work_unit_invalid", {
        tried,
        why: `the work unit ${JSON.stringify(request.workUnit)} is not 1 to 200 printable characters`,
        next: "Use a short name such as issue-42.",
      });
    }
    return { ...found, ...repositoryOf(request, found.profile, tried) };
  }

  #begin(plan: SessionPlan, record: OpenRecord, beginning: Beginning): void {
    const session = new Session(this.#host, plan, record, beginning);
    const over = session.live().then((document) => {
      if (document !== undefined) this.#open.delete(session.id);
      return document;
    });
    this.#open.set(session.id, { session, over });
  }

  #remember(key: string, accepting: Promise<string>): void {
    this.#requests.set(key, accepting);
    // A refused request may be repeated: nothing was recorded for it.
    accepting.catch(() => this.#requests.delete(key));
    const oldest = this.#requests.keys().next().value;
    if (this.#requests.size > REMEMBERED_REQUESTS && oldest !== undefined) this.#requests.delete(oldest);
  }
}

/** The limit of a session that states none. */
function longestOf({ llm }: Profile): number | undefined {
  return llm === undefined ? undefined : LLM_TIMEOUT_MS;
}
