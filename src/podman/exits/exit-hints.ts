/** Which hints of an exit are used. Any one alone gives the right outcome, only later. */
export interface ExitHints {
  readonly exitFiles: boolean;
  readonly events: boolean;
  /** How often to look without a hint; undefined for never. */
  readonly inspectIntervalMs: number | undefined;
}

/** What is used unless a test says otherwise. */
export const ALL_EXIT_HINTS: ExitHints = { exitFiles: true, events: true, inspectIntervalMs: 5_000 };
