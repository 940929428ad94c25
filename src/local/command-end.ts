/** From a container's exit, as the engine shows it, to the end of a session's command. */
import { constants } from "node:os";
import { CUT_SHORT } from "../credentials/launcher.ts";
import type { ContainerExit } from "../podman/exits/exit-watch.ts";
import type { CommandEnd } from "../sessions/port/executor.ts";

/** The exit code that the engine shows when conmon's own timeout ended the container. */
const ENDED_BY_BACKSTOP = -1;

/** The exit code of a command that was ended by SIGKILL. */
const KILLED = 128 + constants.signals.SIGKILL;

/** What the exit of a container says about the command in it. */
export function commandEnd(exit: ContainerExit): CommandEnd {
  if (exit.kind === "lost") return exit;
  const endedAt = timestamp(exit.finishedAt);
  const { exitCode } = exit;
  if (exitCode === ENDED_BY_BACKSTOP) return { kind: "outlasted", endedAt };
  return { kind: "exited", exitCode, outOfMemory: exit.oomKilled, isCommands: isCommands(exitCode), endedAt };
}

/** A removal outside agentd begins with a kill. */
export function mayBeRemoval(exit: ContainerExit): exit is ContainerExit & { readonly kind: "exited" } {
  return exit.kind === "exited" && exit.exitCode === KILLED && !exit.oomKilled;
}

/** A launcher that is cut short has a code of its own. An end by a signal may be either's. */
function isCommands(exitCode: number): boolean {
  return exitCode !== CUT_SHORT && (exitCode < 129 || exitCode > 192);
}

/** Undefined when the engine gave none. */
function timestamp(rfc3339: string): string | undefined {
  const timeMs = Date.parse(rfc3339);
  return timeMs > 0 ? new Date(timeMs).toISOString() : undefined;
}
