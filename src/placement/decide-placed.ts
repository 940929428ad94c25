import type { Observation } from "./placement.ts";

/** So many jobs that have ended before a runner came, and the session is given up. */
export const MOST_FAILED = 5;
/** So many jobs in all: an engine that loses its jobs is asked again for an hour. */
export const MOST_SUBMITS = 25;

/** What is known about a session's runner. */
export interface HeldClaim {
  /** The boot of the node in which the session was claimed. */
  readonly bootId: string;
  /** The boot that a later runner has found there; undefined when none has come. */
  readonly laterBootId: string | undefined;
  /** Whether a runner of it is on the channel now. */
  readonly isConnected: boolean;
}

/** What was tried. */
export interface Attempts {
  /** Jobs that were submitted before anybody had claimed the session. */
  readonly submitted: number;
  /** Those of them that the engine has ended, as far as this daemon has seen. The others were lost: they say nothing. */
  readonly failed: number;
  /** Whether an operator has given the session up, wherever it may still run. */
  readonly isGivenUp: boolean;
}

export type PlacedDecision =
  /** Look again later. */
  | "wait"
  /** Submit another job, with another token. */
  | "submit"
  /** Submit a job on the node of the claim, whose runner recovers what is there. */
  | "resume_on_node"
  /** The node's record is here: verify and seal it. */
  | "seal"
  /** No runner has come, too often. */
  | "launch_failed"
  /** It cannot have survived, or nobody waits for it any more. */
  | "interrupted";

/**
 * What to do about a placed session. Pure.
 *
 * @param claim undefined: no runner has claimed it, so nothing of it has run.
 * @param observation of its last job.
 * @param collected whether its record has come from the node whole.
 */
export function decidePlaced(
  claim: HeldClaim | undefined,
  observation: Observation,
  collected: boolean,
  { submitted, failed, isGivenUp }: Attempts,
): PlacedDecision {
  if (collected) return "seal";
  if (isGivenUp) return "interrupted";
  if (claim !== undefined && isOtherBoot(claim)) return "interrupted";
  // Containers outlive their job, so a runner that talks knows better than the engine.
  if (claim?.isConnected === true) return "wait";
  switch (observation.at) {
    case "queued":
    case "running":
    case "unknown":
      return "wait";
    case "ended":
    case "absent":
      if (claim !== undefined) return "resume_on_node";
      return submitted < MOST_SUBMITS && failed < MOST_FAILED ? "submit" : "launch_failed";
  }
}

function isOtherBoot({ bootId, laterBootId }: HeldClaim): boolean {
  return laterBootId !== undefined && laterBootId !== bootId;
}
