import { open } from "node:fs/promises";
import { join } from "node:path";
import type { ClaimEvent } from "./claim-desk.ts";

/** Of one session; more are only counted, so that nobody fills the disk with them. */
const MOST_REFUSALS = 100;

/** Writes down who has claimed a session, and who was refused: a file for each, one JSON object a line. */
export class ClaimJournal {
  readonly #directory: string;
  readonly #now: () => number;
  /** By session. */
  readonly #refusals = new Map<string, number>();

  /** @param now wall clock, in milliseconds since the epoch. */
  constructor(directory: string, now: () => number) {
    this.#directory = directory;
    this.#now = now;
  }

  /** How often a session was refused since the channel started. */
  refusals(session: string): number {
    return this.#refusals.get(session) ?? 0;
  }

  /** The file of a session. */
  path(session: string): string {
    return join(this.#directory, `${session}.claims.jsonl`);
  }

  /** On disk when it resolves. */
  async write({ event, why, job, node, bootId, key, session }: ClaimEvent): Promise<void> {
    if (event === "claim_refused") {
      const refusals = this.refusals(session) + 1;
      this.#refusals.set(session, refusals);
      if (refusals > MOST_REFUSALS) return;
    }
    const time = new Date(this.#now()).toISOString();
    const line = { time, event, ...(why === undefined ? {} : { why }), job, node, boot_id: bootId, key };
    const file = await open(this.path(session), "a", 0o600);
    try {
      await file.appendFile(`${JSON.stringify(line)}\n`);
      await file.datasync();
    } finally {
      await file.close();
    }
  }

  forget(session: string): void {
    this.#refusals.delete(session);
  }
}
