/** The first program of a container: it waits for the credentials and then becomes the session's command. */
import { shellQuote } from "./payload.ts";

/**
 * The argument vector to start in the container; the command's arguments are passed on untouched.
 *
 * A payload that was cut short leaves `go` empty, and the launcher reads again: the command never starts with less
 * than all of its credentials. Where the FIFO is gone nobody will come any more, so it exits instead of spinning.
 *
 * @param fifoPathInside absolute path of the gate's FIFO in the container.
 * @param command program and arguments; the program is not an option of `exec`.
 */
export function launcherArgv(fifoPathInside: string, command: readonly string[]): [string, ...string[]] {
  const fifo = shellQuote(fifoPathInside);
  const program = `go=; until [ "$go" = 1 ]; do [ -r ${fifo} ] || exit 125; command . ${fifo}; done; unset go; exec "$@"`;
  return ["/bin/sh", "-c", program, "agentd", ...command];
}
