import { rm } from "node:fs/promises";
import { join } from "node:path";
import * as z from "zod";
import { commitFile, stageFile, syncDirectory } from "../../durable-files.ts";
import { readIfThere } from "../../if-there.ts";

const hex = z.string().regex(/^[0-9a-f]{64}$/);
const claim = z.strictObject({
  job: z.string(),
  node: z.string(),
  bootId: z.string(),
  key: hex,
  sealKey: z.string(),
});

/** A file of the head that a node fills, and how much of it. */
const place = z.strictObject({ path: z.string().startsWith("/"), mostBytes: z.int().positive() });

/** One session as it is on the head's disk, through every restart of the channel. No credential, and no token itself. */
const placedSession = z.strictObject({
  version: z.literal(1),
  /** Where what it prints goes: the console log of its record. */
  console: place,
  /** Where its node's record comes, as one archive. */
  record: place,
  tickets: z.record(z.string(), z.strictObject({ tokenDigest: hex, isResume: z.boolean() })),
  claim: claim.nullable(),
  isHandedOver: z.boolean(),
  /** The boot that a later runner has found on the node, where it is another. */
  laterBootId: z.string().nullable(),
  /** The job whose runner was told last by the engine to end, and how long it had run. */
  told: z.strictObject({ job: z.string(), ranMs: z.int() }).nullable(),
  /** Of the node's record, once it is here whole. */
  collected: z.strictObject({ sha256: hex, bytes: z.int() }).nullable(),
});

export type FilledFile = z.infer<typeof place>;
export type PlacedSession = z.infer<typeof placedSession>;

/**
 * Sessions on disk: a file for each, in a directory of the channel's own, which nobody else writes. What was read or
 * written stays in memory: the daemon asks about all of them again and again. One call at a time for each session.
 */
export class PlacedSessions {
  readonly #directory: string;
  readonly #known = new Map<string, PlacedSession>();

  constructor(directory: string) {
    this.#directory = directory;
  }

  /** Undefined when there is none. @throws Error when the file is not what it should be. */
  async read(session: string): Promise<PlacedSession | undefined> {
    const known = this.#known.get(session);
    if (known !== undefined) return known;
    const text = await readIfThere(this.#path(session));
    if (text === undefined) return undefined;
    const state = placedSession.parse(JSON.parse(text));
    this.#known.set(session, state);
    return state;
  }

  /** On disk when it returns, also after a power cut. */
  async write(session: string, state: PlacedSession): Promise<void> {
    await stageFile(this.#path(session), JSON.stringify(state));
    await commitFile(this.#path(session));
    this.#known.set(session, state);
  }

  /** Forgets one that has ended; fine when there is none. */
  async remove(session: string): Promise<void> {
    await rm(this.#path(session), { force: true });
    await syncDirectory(this.#directory);
    this.#known.delete(session);
  }

  #path(session: string): string {
    return join(this.#directory, `${session}.json`);
  }
}
