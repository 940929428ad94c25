/**
 * Ending a program with all that it has started.
 */

/** What is used of a child process. */
export interface GroupLeader {
  /** Undefined: it did not start. */
  readonly pid?: number | undefined;
  once(event: "exit", listener: () => void): unknown;
}

/**
 * Sends SIGTERM to the process group of a running child as soon as the signal aborts; nothing once the child has ended.
 *
 * A signal to `timeout` alone is not enough: while it forks, it knows no child to pass the signal on to, and ends alone.
 * What it has started would then run without a limit, and hold the output of the child open.
 *
 * @param child one that was started with `detached`, so that it leads its group from its first moment.
 */
export function endGroupWith(child: GroupLeader, signal: AbortSignal): void {
  const over = new AbortController();
  child.once("exit", () => over.abort());
  const end = (): void => {
    if (child.pid === undefined) return;
    try {
      process.kill(-child.pid, "SIGTERM");
    } catch {
      // It has ended meanwhile.
    }
  };
  if (signal.aborted) end();
  else signal.addEventListener("abort", end, { once: true, signal: over.signal });
}
