/** The first program of a container: it waits at the gate and then becomes the session's command. */
import { shellQuote } from "./payload.ts";

/**
 * The launcher's exit code when it cannot reach the command: the gate is gone, or its shell gives up. Neither shells
 * nor common programs use it. Any other exit code of a container that was not killed is its command's.
 */
export const CUT_SHORT = 195;

/** The shell's own name, which its messages begin with. */
const NAME = "agentd";

/** The launcher's only argument, until the gate gives it those of the command. */
const AT_THE_GATE = "at-the-gate-of-its-session";

/**
 * The argument vector to start in the container. Which command it becomes comes through the gate, as the variables do.
 *
 * A payload that was cut short leaves `go` empty, and the launcher reads again: the command never starts with less
 * than all of its credentials. Where the FIFO is gone no payload will come, so it exits with `CUT_SHORT` instead of
 * spinning.
 *
 * @param fifoPathInside absolute path of the gate's FIFO in the container.
 */
export function launcherArgv(fifoPathInside: string): [string, ...string[]] {
  const fifo = shellQuote(fifoPathInside);
  const wait = `go=; until [ "$go" = 1 ]; do [ -r ${fifo} ] || exit; command . ${fifo}; done`;
  const program = `trap 'exit ${CUT_SHORT}' EXIT; ${wait}; trap - EXIT; unset go; exec "$@"`;
  return ["/bin/sh", "-c", program, NAME, AT_THE_GATE];
}

/**
 * How the command line of a launcher of that command may end: as it does now, and as it did in versions of agentd that gave
 * the command to the launcher when it started.
 */
export function launcherEndings(command: readonly string[]): readonly (readonly string[])[] {
  return [
    [NAME, AT_THE_GATE],
    [NAME, ...command],
  ];
}
