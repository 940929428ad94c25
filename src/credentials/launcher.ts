/** The first program of a container: it waits for the credentials and then becomes the session's command. */
import { shellQuote } from "./payload.ts";

/**
 * What the launcher exits with when it cannot come to the command: the gate is gone, or its shell gives up. Neither shells
 * nor common programs use it. Whatever else a container that nobody has killed exits with is its command's.
 */
export const CUT_SHORT = 195;

/** What the shell calls itself: the launcher's program lies before it in a command line, the command behind it. */
const NAME = "agentd";

/**
 * The argument vector to start in the container; the command's arguments are passed on untouched.
 *
 * A payload that was cut short leaves `go` empty, and the launcher reads again: the command never starts with less
 * than all of its credentials. Where the FIFO is gone nobody will come any more, so it exits with `CUT_SHORT` instead of
 * spinning.
 *
 * @param fifoPathInside absolute path of the gate's FIFO in the container.
 * @param command program and arguments; the program is not an option of `exec`.
 */
export function launcherArgv(fifoPathInside: string, command: readonly string[]): [string, ...string[]] {
  const fifo = shellQuote(fifoPathInside);
  const wait = `go=; until [ "$go" = 1 ]; do [ -r ${fifo} ] || exit; command . ${fifo}; done`;
  const program = `trap 'exit ${CUT_SHORT}' EXIT; ${wait}; trap - EXIT; unset go; exec "$@"`;
  return ["/bin/sh", "-c", program, NAME, ...command];
}

/** What the command line of a launcher of that command ends with, whichever version of agentd has started it. */
export function launcherEnding(command: readonly string[]): readonly string[] {
  return [NAME, ...command];
}
