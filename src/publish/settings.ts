/** What a profile says about publishing, and what is published. */
import type { Outcome } from "../outcome.ts";
import type { WorkSummary } from "../work/summary.ts";
import type { ForgeName } from "./forges/forge.ts";

export interface RequestSettings {
  readonly forge: ForgeName;
  /** Undefined: where that forge has it, on the host of the repository. */
  readonly apiUrl?: string | undefined;
  /** Undefined: the branch that was cloned, else the server's default branch. */
  readonly base?: string | undefined;
  readonly draft: boolean;
  /** A pattern, see `requestTitle`. */
  readonly title: string;
  readonly labels: readonly string[];
}

export interface PublishSettings {
  /** A pattern, see `branchName`. */
  readonly branch: string;
  /** The outcomes whose work is published. */
  readonly on: readonly Outcome[];
  /** Variable of the daemon's with the token; undefined: the one for cloning. */
  readonly tokenSource?: string | undefined;
  /** Undefined: the repository that was cloned. */
  readonly remote?: string | undefined;
  readonly commitRest: boolean;
  readonly allowCi: boolean;
  /** Globs of git. */
  readonly protect: readonly string[];
  readonly request?: RequestSettings | undefined;
}

/** The part of a session that a publication is about. */
export interface PublishedSession {
  readonly sessionId: string;
  readonly profile: string;
  readonly workUnit: string | null;
  /** What was cloned. */
  readonly repository: { readonly url: string; readonly ref: string | null };
  /** RFC 3339. */
  readonly startTimestamp: string;
  readonly endTimestamp: string;
}

/** The work, in a repository of agentd's own. */
export interface PublishedWork {
  /** Bare, checked, with the final tree as its index. */
  readonly directory: string;
  /** Directory of agentd's own for what is needed meanwhile. */
  readonly scratch: string;
  /** Ids of commits that the server has. */
  readonly known: readonly string[];
  readonly summary: WorkSummary;
  /** SHA-256 of `work/summary.json`, in hex. */
  readonly summaryDigest: string;
  /** SHA-256 of the record's statement, in hex; undefined while it is not sealed. */
  readonly statement?: string | undefined;
}

export interface Publication {
  readonly settings: PublishSettings;
  readonly session: PublishedSession;
  readonly work: PublishedWork;
  /** Of a commit with uncommitted changes. */
  readonly author: { readonly name: string; readonly email: string };
  /** Undefined: none is sent. */
  readonly token: { readonly source: string; readonly value: string } | undefined;
  /** A push that an earlier attempt has made. */
  readonly pushed?: PushedBranch | undefined;
}

export interface PushedBranch {
  readonly branch: string;
  readonly commit: string;
}
