/**
 * The evidence for records: the keys of this instance, the chain of its statements, and which sessions are open.
 */
import type { KeyObject } from "node:crypto";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { evidencePaths } from "../keys/evidence-paths.ts";
import { readPublicKeys } from "../keys/public-key.ts";
import { Chain } from "./chain.ts";

export interface Evidence {
  /** Every key that this instance has signed with, by its id. */
  readonly keys: ReadonlyMap<string, KeyObject>;
  readonly chain: Chain;
  /** Whether a session is in the index of open records: a daemon runs it, or the next one will continue it. */
  readonly isOpen: (sessionId: string) => boolean;
  /** Whether its container and its clone are kept, for an operator who looks into them. */
  readonly isKept: (sessionId: string) => boolean;
  /** Whether something that follows it is to begin: another try, a session of a chain, a program. They need its record. */
  readonly isFollowed: (sessionId: string) => boolean;
}

/** Reads the evidence of an instance; one that never sealed has no keys and an empty chain. */
export function readEvidence(stateDirectory: string): Evidence {
  const paths = evidencePaths(stateDirectory);
  return {
    keys: readPublicKeys(paths.keys),
    chain: new Chain(paths.chain),
    isOpen: (sessionId) => existsSync(join(stateDirectory, "open", sessionId)),
    isKept: (sessionId) => existsSync(join(stateDirectory, "kept", sessionId)),
    isFollowed: (sessionId) =>
      ["followups", "after"].some((owed) => existsSync(join(stateDirectory, owed, sessionId))),
  };
}
