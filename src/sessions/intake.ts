import { AgentdError } from "../errors.ts";
import { acceptedDocument, type SessionDocument, type SessionView } from "../session-document.ts";
import { checkRef, parseRepositoryUrl } from "../workspace/repository-url.ts";
import type { OpenRecord, SessionProfile } from "./ports.ts";
import { Session, type SessionHost } from "./session.ts";

/** How many answered requests are remembered, so that a repeated one gets the same session. */
const REMEMBERED_REQUESTS = 10_000;

/** Letters, marks, digits, punctuation, symbols and spaces: nothing that moves a cursor. */
const WORK_UNIT = /^[\p{L}\p{M}\p{N}\p{P}\p{S}\p{Zs}]{1,200}$/u;

/** A session that somebody asks for. */
export interface RunRequest {
  /** Made by the client: the same one never starts a second session. */
  readonly requestId: string;
  readonly profile: string;
  readonly repo?: string | undefined;
  readonly ref?: string | undefined;
  readonly workUnit?: string | undefined;
  readonly timeoutMs?: number | undefined;
}

/** What the intake needs beyond what sessions share. */
export interface IntakeHost extends SessionHost {
  /** The profile of that name and the digest of the configuration it stands in. */
  profile(name: string): { readonly profile: SessionProfile; readonly digest: string } | undefined;
  /** The names of all profiles, for whoever mistyped one. */
  readonly profileNames: readonly string[];
  createRecord(document: Omit<SessionDocument, "session_id">): Promise<OpenRecord>;
  /** What a console log may have, in bytes. */
  readonly logLimitBytes: number;
}

/** Accepts sessions and knows those that are not sealed yet. */
export class Intake {
  readonly #host: IntakeHost;
  readonly #open = new Map<
    string,
    { readonly session: Session; readonly sealed: Promise<SessionDocument> }
  >();
  readonly #requests = new Map<string, Promise<string>>();
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

  /** Resolves with the sealed view of an open session; undefined when there is no such open session. */
  sealed(sessionId: string): Promise<SessionView> | undefined {
    const open = this.#open.get(sessionId);
    return open?.sealed.then(() => open.session.view());
  }

  /**
   * Accepts a session: its record is on disk when this resolves, with its id.
   *
   * @throws AgentdError when the request cannot be accepted; nothing is recorded then.
   */
  async accept(request: RunRequest): Promise<string> {
    const earlier = this.#requests.get(request.requestId);
    if (earlier !== undefined) return await earlier;
    const accepting = this.#accept(request);
    this.#remember(request.requestId, accepting);
    return await accepting;
  }

  /** Takes nothing new and lets nothing that is queued begin. */
  close(): void {
    this.#closed = true;
    this.#host.admission.close();
  }

  /** Resolves when every session that has begun is sealed. Call `close` first. */
  async drained(): Promise<void> {
    const begun = [...this.#open.values()].filter(({ session }) => session.view().state !== "queued");
    await Promise.all(begun.map(({ sealed }) => sealed));
  }

  async #accept(request: RunRequest): Promise<string> {
    const plan = this.#check(request);
    const { profile, digest } = plan;
    const record = await this.#host.createRecord(
      acceptedDocument({
        profile: profile.name,
        repo_url: plan.repoUrl,
        ref: plan.ref,
        work_unit: request.workUnit ?? null,
        trigger: "manual",
        image: profile.baseImage,
        config_digest: digest,
        queued_timestamp: new Date(this.#host.clock.now()).toISOString(),
      }),
    );
    const timeoutMs = request.timeoutMs ?? profile.timeoutMs;
    const { logLimitBytes } = this.#host;
    this.#begin(new Session(this.#host, { profile, timeoutMs, logLimitBytes }, record));
    return record.id;
  }

  #check(request: RunRequest): {
    readonly profile: SessionProfile;
    readonly digest: string;
    readonly repoUrl: string;
    readonly ref: string | null;
  } {
    const tried = `run a session of profile ${JSON.stringify(request.profile)}`;
    if (this.#closed) {
      throw new AgentdError("daemon_stopping", {
        tried,
        why: "the daemon is shutting down and takes no new work",
        next: "Try again when it has been started again.",
      });
    }
    const found = this.#host.profile(request.profile);
    if (found === undefined) {
      throw new AgentdError("unknown_profile", {
        tried,
        why: "the daemon's configuration has no such profile",
        next: `Add it to the configuration file and restart the daemon, or name one that is there: ${this.#host.profileNames.join(", ")}.`,
      });
    }
    if (request.workUnit !== undefined && !WORK_UNIT.test(request.workUnit)) {
      throw new AgentdError("work_unit_invalid", {
        tried,
        why: `the work unit ${JSON.stringify(request.workUnit)} is not 1 to 200 printable characters`,
        next: "Use a short name such as issue-42.",
      });
    }
    const repo = request.repo ?? found.profile.repo;
    if (repo === undefined) {
      throw new AgentdError("repository_required", {
        tried,
        why: "neither the command nor the profile names a repository",
        next: `Give one: agentd run ${request.profile} https://host/path.git, or set repo in the profile.`,
      });
    }
    // A ref belongs to the repository it was configured with.
    const ref = request.ref ?? (request.repo === undefined ? found.profile.ref : undefined);
    if (ref !== undefined) checkRef(ref);
    return { ...found, repoUrl: parseRepositoryUrl(repo).url, ref: ref ?? null };
  }

  #begin(session: Session): void {
    const sealed = session.live().then((document) => {
      this.#open.delete(session.id);
      return document;
    });
    this.#open.set(session.id, { session, sealed });
  }

  #remember(requestId: string, accepting: Promise<string>): void {
    this.#requests.set(requestId, accepting);
    // A refused request may be repeated: nothing was recorded for it.
    accepting.catch(() => this.#requests.delete(requestId));
    const oldest = this.#requests.keys().next().value;
    if (this.#requests.size > REMEMBERED_REQUESTS && oldest !== undefined) this.#requests.delete(oldest);
  }
}
