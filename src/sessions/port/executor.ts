/**
 * Runs the commands of sessions, in the words of sessions. `src/local` is the first: a container on this host for
 * each. An executor knows nothing of queues, deadlines, outcomes and seals.
 */
import type { Ending } from "../../outcome.ts";
import type { Profile } from "../../profile/profile.ts";
import type { SessionDocument } from "../../session-document.ts";
import type { ExportedWork, ExportOptions } from "./export.ts";
import type { KeptJobs } from "./kept-job.ts";
import type { LiveJobs } from "./live-job.ts";
import type { PublishedJob, PublishedWork, PublishOptions } from "./publication.ts";
import type { ClosedNetwork, NetworkOfJob, NetworkOptions, ReasonOfFailure } from "./session-network.ts";
import type { WholeSession } from "./whole-session.ts";

/** What is to be run for one session. */
export interface Job {
  readonly sessionId: string;
  readonly profile: Profile;
  /** Null where the profile's workspace is no clone. */
  readonly repository: { readonly url: string; readonly ref: string | null } | null;
  readonly workUnit: string | null;
  /**
   * Program and arguments, with the values of this run in place of the words that stand for them; the same in every
   * daemon. Rejects when the record's own copy of a value cannot be read.
   */
  readonly command: () => Promise<readonly string[]>;
  /** Variables besides the profile's, which they override. */
  readonly env: Readonly<Record<string, string>>;
  /** What the operator gave to the session; undefined: nothing. */
  readonly input: JobInput | undefined;
  /** Directory of the host that the command sees as `.runa`, and that stays. */
  readonly runaDirectory: string;
  /** File of the host for what the command prints. */
  readonly consoleLogPath: string;
  /** File of the host for the connections of a session with an allowlist. */
  readonly egressPath: string;
  /** File of the host for the requests of a session with language models. */
  readonly llmPath: string;
  /**
   * How long all of it may last from its start, in milliseconds: the limit while no daemon lives. Undefined: no limit.
   */
  readonly longestMs: number | undefined;
  /** For an executor on whose machines another agentd runs the session: all that the session was accepted with. */
  readonly whole: () => WholeSession;
}

/** What a session is given to work on. */
export interface JobInput {
  /** Directory of the host with the files; the command sees a copy of it that it cannot change. */
  readonly directory: string;
  /** Whether one of them is the request, `REQUEST_FILE`. */
  readonly hasRequest: boolean;
  /** The request; undefined when there is none, or one with more than `MAX_INLINE_BYTES`. */
  readonly inlineRequest: () => Promise<string | undefined>;
}

/** The part of a job by which its command is found again, and is given its variables. */
export type CommandOfJob = Pick<Job, "sessionId" | "profile" | "command" | "workUnit" | "env" | "input">;

/** How a command ended. */
export type CommandEnd =
  | {
      readonly kind: "exited";
      readonly exitCode: number;
      /** Whether memory ran out, also where only a child of the command was killed for it. */
      readonly outOfMemory: boolean;
      /**
       * Whether this can only be the command's own exit. False: what starts the command may have left so, before it
       * came to that.
       */
      readonly isCommands: boolean;
      /** RFC 3339; undefined when unknown. */
      readonly endedAt: string | undefined;
    }
  /** It lasted longer than `Job.longestMs`. */
  | { readonly kind: "outlasted"; readonly endedAt: string | undefined }
  /** Another agentd has run it: what it has found out, and how it says that the session ended. */
  | ({
      readonly kind: "told";
      readonly ending: Ending;
      readonly endedAt: string | undefined;
    } & FoundOut)
  /** It is unknown how it ended, or when. */
  | { readonly kind: "lost"; readonly why: string };

/** What another agentd has found out about a session that it ran. */
export interface FoundOut {
  readonly fields: Partial<SessionDocument>;
  /** What an operator should know, as sentences. */
  readonly warnings: readonly string[];
}

/** What a command has used at most; undefined where this host does not count it. */
export interface Peaks {
  readonly memoryBytes?: number | undefined;
  /** Processes and threads. */
  readonly pids?: number | undefined;
  readonly cpuSeconds?: number | undefined;
}

/** What a running command does, as counts that only grow; undefined where nobody counts. */
export interface JobActivity {
  /** Of all of its processes. */
  readonly cpuSeconds: number | undefined;
  /** Its requests to language models; undefined for a profile without. */
  readonly llm: { readonly answered: number; readonly inFlight: number } | undefined;
}

/** Does some work under a text that the operator sees, which the work may replace meanwhile. */
export type During = <T>(
  activity: string,
  work: (say: (activity: string) => void) => Promise<T>,
) => Promise<T>;

/** Where preparing reports what it finds and does. */
export interface Preparing {
  /** Aborted when the session is told to stop, preparing takes too long, or the daemon leaves its sessions. */
  readonly signal: AbortSignal;
  readonly during: During;
  /**
   * Puts what was found into the record.
   *
   * @param details of the journal's line; `warnings` in it are added to those of the document.
   * @param fields of the document.
   */
  readonly found: (
    event: string,
    details: Readonly<Record<string, unknown>> & { readonly warnings?: readonly string[] },
    fields?: Partial<SessionDocument>,
  ) => Promise<void>;
}

/** A command that is ready to start. */
export interface Prepared {
  /** Names what was made, in all daemons. */
  readonly ref: string;
  /**
   * Hands the credentials over, which starts the command.
   *
   * @throws LaunchError of stage `start` when what would start the command is gone; what `onFirstByte` throws.
   */
  begin(options: BeginOptions): Promise<void>;
}

export interface BeginOptions {
  readonly signal: AbortSignal;
  /** Settles when all has ended: then the credentials will not be read any more. */
  readonly ended: Promise<unknown>;
  /** Awaited once the credentials are asked for, and before any of them is given. */
  readonly onFirstByte: () => Promise<void>;
}

/** How a hand-over ended that an earlier daemon had begun. */
export type HandOver =
  /** This daemon has handed over, to a launcher that had started nothing. */
  | "again"
  /** The command had everything, whether it still runs or has ended. */
  | "found"
  /** All has ended, and it is unknown what was handed over. */
  | "unknown";

/** What an earlier daemon has left of a session. */
export interface Found {
  readonly sessionId: string;
  readonly ref: string;
  /** `made`: nothing has run, or it is no longer known that it did. */
  readonly phase: "made" | "running" | "ended";
}

/** More of it, for the decision about the session. */
export interface Examined extends Found {
  /** Undefined before the end, and where the engine does not say. */
  readonly end: CommandEnd | undefined;
  /** Whether it is certain that the credentials were handed over whole, although no journal says so. */
  readonly hadCredentials: boolean;
}

/** What to remove when a daemon starts. */
export interface Sweeping {
  /** Sessions that keep what they own. */
  readonly owners: ReadonlySet<string>;
  /** Sessions that will be prepared anew: what still works for them is ended. `ref`: what an earlier start had made whole. */
  readonly again: readonly { readonly sessionId: string; readonly ref: string | undefined }[];
}

export interface EndOptions {
  /** Whether a process may run that the engine has lost sight of. */
  readonly mayStillRun: boolean;
}

export interface ReleaseOptions extends EndOptions {
  /** Whether the session is kept: then only what hands over its credentials and its network is released. Default false. */
  readonly isKept?: boolean | undefined;
  /** Called every so often while much is removed, with the number of entries removed so far. */
  readonly onRemoving?: ((entries: number) => void) | undefined;
}

export interface Executor extends LiveJobs<CommandOfJob> {
  /** Sessions that have ended and stay. */
  readonly kept: KeptJobs;
  /**
   * A session of this profile will probably begin in a moment: looks for what it needs, and makes nothing. Does not throw.
   */
  foresee(job: Pick<Job, "profile">): void;
  /**
   * Makes everything that a command needs, up to the hand-over of its credentials: nothing of the agent's runs.
   *
   * @throws LaunchError; what was made is left to `release`.
   */
  prepare(job: Job, preparing: Preparing): Promise<Prepared>;
  /**
   * Waits for the end, for any cause.
   *
   * @param isOrdered whether agentd itself ends it: an unexpected kill is looked at twice.
   * @throws the signal's reason only.
   */
  wait(
    ref: string,
    options: { readonly signal: AbortSignal; readonly isOrdered: () => boolean },
  ): Promise<CommandEnd>;
  /** Follows what is used at most. Resolves when the signal is aborted, to be aborted at the end; does not reject. */
  peaks(ref: string, options: { readonly signal: AbortSignal }): Promise<Peaks>;
  /** What a command does now. Does not reject: what nobody knows is undefined. */
  activity(job: NetworkOfJob, ref: string): Promise<JobActivity>;
  /** Sends a signal to the command; one that has ended is fine. */
  signal(ref: string, name: "SIGTERM" | "SIGKILL"): Promise<void>;
  /**
   * Continues a hand-over that an earlier daemon had begun.
   *
   * @throws LaunchError when the command still waits and cannot be given its credentials; the signal's reason.
   */
  adopt(
    job: CommandOfJob,
    ref: string,
    options: { readonly ended: Promise<CommandEnd>; readonly signal: AbortSignal },
  ): Promise<HandOver>;
  /**
   * Reports what happens to the network of a running command, and takes over the one that an earlier daemon has opened.
   * Without an allowlist or language models nothing happens. Resolves at once, or when it is taken over or the signal
   * aborted; does not reject.
   */
  followNetwork(job: NetworkOfJob, ref: string, options: NetworkOptions): Promise<void>;
  /**
   * Why a command that has failed by itself may have: its language models refused it. Undefined where they are no
   * reason, or nobody knows. Does not reject.
   */
  reasonOfFailure(job: NetworkOfJob): Promise<ReasonOfFailure | undefined>;
  /**
   * Closes the network of a session whose processes have ended. May be called again, also by a later daemon.
   *
   * @returns undefined when none was opened.
   * @throws Error when what it reached cannot be read.
   */
  closeNetwork(job: NetworkOfJob): Promise<ClosedNetwork | undefined>;
  /**
   * Removes everything of a session that can run: afterwards no process of it lives, and what it has written stays. May
   * be called again when it has failed, and when there is nothing.
   *
   * @returns what another agentd has found out that ran it; undefined where none did.
   * @throws AgentdError `teardown_failed`.
   */
  endProcesses(job: CommandOfJob, options: EndOptions): Promise<FoundOut | undefined>;
  /**
   * Takes what an agent did out of its workspace, once no process of the session lives and before it is released. May be
   * called again, also by a later daemon: it then starts from scratch.
   *
   * @throws Error when there is nothing to export from, or it cannot be written; the signal's reason.
   */
  exportWork(job: Pick<Job, "sessionId" | "profile">, options: ExportOptions): Promise<ExportedWork>;
  /**
   * Brings what was exported to where the profile publishes it. Between the export and the release. May be called again,
   * also by a later daemon: what is done already is not done again.
   *
   * @throws AgentdError when it may not be published, or cannot; what a step throws; the signal's reason.
   */
  publishWork(job: PublishedJob, options: PublishOptions): Promise<PublishedWork>;
  /**
   * Removes the workspace of a session, once its processes have ended and its work is exported and published: `release` does
   * that, too, but comes after `endProcesses`. May be called again.
   *
   * @throws AgentdError `teardown_failed`.
   */
  releaseWork(job: Pick<Job, "sessionId">, options: Pick<ReleaseOptions, "onRemoving">): Promise<void>;
  /**
   * Releases all that was made for a session, by this daemon or an earlier one. May be called again when it has failed,
   * and when there is nothing.
   *
   * @throws AgentdError `teardown_failed`.
   */
  release(job: CommandOfJob, options: ReleaseOptions): Promise<void>;
  /** All that exists of sessions, from this daemon or an earlier one. */
  list(): Promise<readonly Found[]>;
  examine(found: Found): Promise<Examined>;
  /** Removes what belongs to no session; the next start tries again what cannot be removed now. */
  sweep(sweeping: Sweeping): Promise<void>;
}
