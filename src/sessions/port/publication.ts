/** Publishing the work of a session, in the words of sessions. */
import type { Profile } from "../../profile/profile.ts";
import type { Published } from "../../published.ts";

/** The part of a job that is published. */
export interface PublishedJob {
  readonly sessionId: string;
  readonly profile: Profile;
  /** Null where the profile's workspace is no clone. */
  readonly repository: { readonly url: string; readonly ref: string | null } | null;
  readonly workUnit: string | null;
}

/** A branch at a commit. */
export interface PushedBranch {
  readonly branch: string;
  readonly commit: string;
}

export interface PublishOptions {
  /** Where `exportWork` has put the work. */
  readonly directory: string;
  /** RFC 3339. */
  readonly startTimestamp: string;
  readonly endTimestamp: string;
  /** What an earlier attempt has pushed; undefined: nothing, as far as is known. */
  readonly pushed: PushedBranch | undefined;
  /** Awaited before a branch is pushed. */
  readonly onPushing: (branch: PushedBranch & { readonly url: string }) => Promise<void>;
  /** Awaited when the branch is at that commit on the server. */
  readonly onPushed: (branch: PushedBranch & { readonly url: string }) => Promise<void>;
  /** Ends the publishing. */
  readonly signal: AbortSignal;
}

/** What became of publishing. */
export type PublishedWork =
  | { readonly kind: "nothing"; readonly why: string }
  | {
      readonly kind: "published";
      readonly published: Published;
      /** What an operator should know, as sentences. */
      readonly warnings: readonly string[];
    };
