/** Which sessions a list shows: the options that `ps` and `audit ls` share. */
import type { Command } from "commander";
import { instantOption } from "./arguments.ts";

export interface FilterOptions {
  readonly failed?: true;
  readonly profile?: string | undefined;
  readonly since?: string;
  readonly until?: string;
}

export interface SessionFilter {
  readonly failed: boolean;
  /** Undefined: sessions of all profiles. */
  readonly profile: string | undefined;
  /** Only sessions that were accepted from this instant on, in milliseconds since 1970; undefined: from the first on. */
  readonly sinceMs: number | undefined;
  /** Only sessions that were accepted up to this instant; undefined: up to now. */
  readonly untilMs: number | undefined;
}

export function takingFilters(command: Command): Command {
  return command
    .option("--failed", "show only failed sessions: not success, blocked, nothing_ready or cancelled")
    .option("--profile <profile>", "show only this profile's sessions")
    .option(
      "--since <when>",
      "show only sessions accepted since then: 1d ago, or a time such as 2026-01-02T03:04:05Z",
    )
    .option("--until <when>", "show only sessions accepted until then");
}

/** @throws AgentdError `usage`. */
export function filterOf(options: FilterOptions, nowMs: number): SessionFilter {
  return {
    failed: options.failed === true,
    profile: options.profile,
    sinceMs: instantOption("--since", options.since, nowMs),
    untilMs: instantOption("--until", options.until, nowMs),
  };
}

/**
 * The note that a list is incomplete; undefined if it is complete.
 *
 * @param total how many match; null if they were not counted.
 */
export function cutText(shown: number, total: number | null): string | undefined {
  if (total === null) return `${shown} shown; there may be more, see --limit`;
  return shown < total ? `${shown} of ${total} shown; see more with --limit` : undefined;
}
