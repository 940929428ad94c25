/** The first program of a container: it waits for the credentials and then becomes the session's command. */
import { shellQuote } from "./payload.ts";

/**
 * The launcher's exit code when it cannot reach the command: the gate is gone, or its shell gives up. Neither shells
 * nor common programs use it. Any other exit code of a container that was not killed is its command's.
 */
export const CUT_SHORT = 195;

/** The shell's own name: in a command line, the launcher's program is before it and the command after it. */
const NAME = "agentd";

/**
 * The argument vector to start in the container; the command's arguments are passed on untouched.
 *
 * A payload that was cut short leaves `go` empty, and the launcher reads again: the command never starts with less
 * than all of its credentials. Where the FIFO is gone no payload will come, so it exits with `CUT_SHORT` instead of
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

/** The end of the command line of a launcher of that command, the same in every version of agentd. */
export function launcherEnding(command: readonly string[]): readonly string[] {
  return [NAME, ...command];
}
