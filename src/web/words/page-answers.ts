/** What the pages ask of `agentd web` besides the daemon's methods, and what it answers. Types alone: pages import them. */
import type { JournalEntry } from "../../audit/format/journal.ts";
import type { HostSummary } from "../../gateway/log/egress-summary.ts";

/** What the stream of a page begins with. */
export interface Hello {
  /** Name of the daemon's host. */
  readonly host: string;
  readonly version: string;
  /** Whether changes are refused. */
  readonly read_only: boolean;
}

/** What has happened to what; a page asks for what it shows of it. */
export interface Happening {
  readonly type: string;
  readonly session_id: string | null;
  readonly profile: string | null;
}

/** A line of a session's journal, with what it tells. */
export type Step = Pick<JournalEntry, "time" | "state" | "event"> & Readonly<Record<string, unknown>>;

/** A request to a language model, or one that was refused. */
export interface ModelRequest {
  readonly time: string;
  readonly model: string;
  /** Null while it lasts. */
  readonly duration_ms: number | null;
  /** Of the answer; null where none came. */
  readonly status: number | null;
  /** Tokens, those of a cache included; null where nothing was reported. */
  readonly input_tokens: number | null;
  readonly output_tokens: number | null;
  /** Null where no price is known, or it lasts. */
  readonly usd: number | null;
  /** Why the gateway refused it; null where it did not. */
  readonly refused: string | null;
}

export interface ModelRequests {
  /** The newest, oldest first. */
  readonly requests: readonly ModelRequest[];
  /** How many there are. */
  readonly total: number;
}

export interface EgressHosts {
  readonly hosts: readonly HostSummary[];
  /** How many there are. */
  readonly total: number;
}

/** Which lines of a log have a text in them. */
export interface FoundLines {
  /** How many lines. */
  readonly total: number;
  /** Numbers of the first of them, from 1. */
  readonly first: readonly number[];
  /** Numbers of the last of them, where those above are not all. */
  readonly last: readonly number[];
}

/** What the pages can ask for by `POST /console/NAME`. */
export interface PageQuestions {
  readonly journal: { readonly ask: { readonly session: string }; readonly answer: readonly Step[] };
  readonly requests: { readonly ask: { readonly session: string }; readonly answer: ModelRequests };
  readonly egress: { readonly ask: { readonly session: string }; readonly answer: EgressHosts };
  readonly search: {
    readonly ask: { readonly session: string; readonly text: string };
    readonly answer: FoundLines;
  };
  /** As `agentd audit verify --json` prints it. */
  readonly verify: { readonly ask: { readonly session: string }; readonly answer: VerifiedSession };
  /** As `agentd usage --json` prints it. */
  readonly usage: {
    readonly ask: {
      readonly by: "day" | "profile" | "model";
      readonly since: string;
      readonly profile?: string | undefined;
    };
    readonly answer: UsageAnswer;
  };
  /** As `agentd audit prune --json` prints it. */
  readonly prune: {
    readonly ask: {
      readonly older_than?: string | undefined;
      readonly keep: number;
      readonly remove: boolean;
    };
    readonly answer: PruneAnswer;
  };
  /** As `agentd publish --json` prints it. */
  readonly publish: { readonly ask: { readonly session: string }; readonly answer: PublishAnswer };
}

export interface VerifiedSession {
  readonly session_id: string;
  readonly status: "verified" | "incomplete" | "unknown_key" | "altered";
  readonly problems: readonly { readonly path: string; readonly problem: string }[];
  readonly files: number;
  readonly statement: string | null;
  readonly key_id: string | null;
}

/** The last line of `/console/verify-all`; those before have `done` and `all`. */
export interface VerifiedAll {
  readonly status: VerifiedSession["status"];
  readonly counts: Readonly<Record<string, number>>;
  readonly records: readonly VerifiedSession[];
  readonly chain: {
    readonly statements: number;
    readonly head: string | null;
    readonly problems: readonly object[];
  };
}

export interface UsageLine {
  readonly sessions: number;
  readonly requests: number;
  readonly refused: number;
  readonly input_tokens: number;
  readonly cached_tokens: number;
  readonly output_tokens: number;
  /** Null where nothing in it has a known cost. */
  readonly usd: number | null;
  readonly has_unknown_cost: boolean;
  readonly day?: string;
  readonly profile?: string;
  readonly model?: string;
}

export interface UsageAnswer {
  readonly rows: readonly UsageLine[];
  readonly total: UsageLine;
}

export interface PruneAnswer {
  readonly removed: boolean;
  readonly records: readonly {
    readonly session_id: string;
    readonly profile: string;
    readonly end_timestamp: string;
    readonly bytes: number;
  }[];
  readonly refused: readonly { readonly session_id: string; readonly reason: string }[];
  readonly failed: readonly { readonly path: string; readonly reason: string }[];
}

export interface PublishAnswer {
  readonly published: { readonly branch: string; readonly request_url: string | null } | null;
  readonly why: string | null;
  readonly warnings: readonly string[];
}
