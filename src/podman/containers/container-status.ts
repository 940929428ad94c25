/**
 * Podman's many states, reduced to the few that matter.
 */
import type { InspectReply } from "../service/replies.ts";

/** `created` has not run; `running` includes paused and stopping; `exited` has an exit code. */
export type ContainerPhase = "created" | "running" | "exited";

/** A container that ran and ended. */
export interface Exited {
  readonly kind: "exited";
  /** -1 when conmon ended it for its `timeout`. */
  readonly exitCode: number;
  /** Also true when only a child was killed for memory and the first process continued. */
  readonly oomKilled: boolean;
  /** RFC 3339, by the engine's clock. */
  readonly finishedAt: string;
}

/** What the engine says about a container. */
export interface ContainerStatus {
  /** 64 hex digits. */
  readonly id: string;
  readonly name: string;
  readonly phase: ContainerPhase;
  /** Undefined before the end. */
  readonly exit: Exited | undefined;
}

/** The phase for Podman's word. */
export function phaseOf(word: string): ContainerPhase {
  if (["configured", "created", "initialized"].includes(word)) return "created";
  // `stopped` until the engine's cleanup has run, then `exited`; both carry the exit code.
  return ["stopped", "exited"].includes(word) ? "exited" : "running";
}

/** What inspect says, reduced. */
export function statusOf({ Id, Name, State }: InspectReply): ContainerStatus {
  const phase = phaseOf(State.Status);
  return { id: Id, name: Name, phase, exit: phase === "exited" ? exitOf(State) : undefined };
}

function exitOf(state: InspectReply["State"]): Exited {
  return {
    kind: "exited",
    exitCode: state.ExitCode,
    oomKilled: state.OOMKilled,
    finishedAt: state.FinishedAt,
  };
}
