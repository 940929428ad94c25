/**
 * Bounds on what one request may ask for. The client loads this file, so it imports no validator.
 */

/** Sessions that one `list` returns at most. */
export const MAX_LIST_LENGTH = 1000;

/** Events that one `events` returns at most. */
export const MAX_EVENTS = 1000;

/** How long one `events` waits at most, in milliseconds. */
export const MAX_EVENTS_WAIT_MS = 300_000;

/** Next runs of one schedule that one `schedule` returns at most. */
export const MAX_NEXT_RUNS = 1000;
