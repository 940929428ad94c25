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
    .option("--failed", "only those that failed: not success, blocked, nothing_ready or cancelled")
    .option("--profile <profile>", "only those of this profile")
    .option("--since <when>", "only those accepted since: 1d ago, or a time such as 2026-01-02T03:04:05Z")
    .option("--until <when>", "only those accepted until then");
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
 * That a list is not whole; undefined when it is.
 *
 * @param total how many there are to show; null when nobody has counted them.
 */
export function cutText(shown: number, total: number | null): string | undefined {
  if (total === null) return `${shown} shown, and there may be more; see them with --limit`;
  return shown < total ? `${shown} of ${total} shown; see more with --limit` : undefined;
}
