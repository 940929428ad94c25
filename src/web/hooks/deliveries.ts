/**
 * The deliveries of webhooks that came lately, on disk: the same one is the same session, and another body under its id is
 * refused. A file for each, in a directory for each day, so that looking one up reads nothing else and old ones go together.
 */
import { createHash } from "node:crypto";
import { readdir } from "node:fs/promises";
import { join } from "node:path";
import * as z from "zod";
import { commitFile, ensureDirectory, stageFile } from "../../durable-files.ts";
import { AgentdError, sentence } from "../../errors.ts";
import type { Failpoints } from "../../failpoints.ts";
import { ifThere, readIfThere } from "../../if-there.ts";
import { oneAtATime } from "../../one-at-a-time.ts";
import { removeTree } from "../../trees/remove-tree.ts";

/** How long a delivery is kept at least, in milliseconds. */
export const DELIVERY_KEPT_MS = 72 * 60 * 60 * 1000;

const DAY_MS = 24 * 60 * 60 * 1000;
/** The days in which a delivery that is kept may lie: today, and those before. */
const DAYS = DELIVERY_KEPT_MS / DAY_MS + 1;

const noteSchema = z.object({
  /** SHA-256 of the body, in hex. */
  digest: z.string(),
  /** The session that it started; left out until that is accepted. */
  session_id: z.string().optional(),
});

type Note = z.infer<typeof noteSchema>;

export interface DeliveriesOptions {
  /** A directory for them alone; it need not be there. */
  readonly directory: string;
  /** Wall clock, in milliseconds since the epoch. */
  readonly now: () => number;
  readonly failpoints: Failpoints;
}

/** Of one `agentd web`: nobody else writes there. */
export class Deliveries {
  readonly #options: DeliveriesOptions;
  readonly #inTurn = oneAtATime();
  #sweptDay = "";

  constructor(options: DeliveriesOptions) {
    this.#options = options;
  }

  /**
   * Notes a delivery, durably, before anything is done about it.
   *
   * @param key names the delivery, with its webhook; see `requestKey`.
   * @returns the session that it has started already; undefined where it has none.
   * @throws AgentdError `webhook_conflict`: it came with another body; `state_unusable`.
   */
  async note(key: string, body: Buffer): Promise<string | undefined> {
    const digest = createHash("sha256").update(body).digest("hex");
    return await this.#inTurn(async () => {
      const found = (await this.#find(key))?.note;
      if (found === undefined) {
        await this.#write(await this.#placeFor(key), { digest });
        await this.#options.failpoints.reach("delivery_noted");
        return undefined;
      }
      if (found.digest === digest) return found.session_id;
      throw new AgentdError("webhook_conflict", {
        tried: "take the delivery",
        why: "one with the same id came before, with another body",
        next: "Nothing is started: a sender has another id for each delivery, and somebody may have changed this one.",
      });
    });
  }

  /** Notes the session that a delivery has started. @throws AgentdError `state_unusable`. */
  async settle(key: string, sessionId: string): Promise<void> {
    await this.#options.failpoints.reach("delivery_accepted");
    await this.#inTurn(async () => {
      const found = await this.#find(key);
      if (found !== undefined) await this.#write(found.path, { ...found.note, session_id: sessionId });
    });
  }

  async #find(key: string): Promise<{ readonly path: string; readonly note: Note } | undefined> {
    for (const day of this.#days()) {
      const path = join(this.#options.directory, day, key);
      const text = await readIfThere(path);
      if (text === undefined) continue;
      try {
        return { path, note: noteSchema.parse(JSON.parse(text)) };
      } catch (cause) {
        throw unusable(path, "it is not what agentd web has written", cause);
      }
    }
    return undefined;
  }

  /** Where a new one is noted; the day's first removes those of days that are over. */
  async #placeFor(key: string): Promise<string> {
    const { directory } = this.#options;
    const [today = ""] = this.#days();
    const place = join(directory, today);
    try {
      await ensureDirectory(place, 0o700);
      if (this.#sweptDay !== today) await this.#sweep();
    } catch (error) {
      throw unusable(place, sentence(error), error);
    }
    this.#sweptDay = today;
    return join(place, key);
  }

  async #sweep(): Promise<void> {
    const { directory } = this.#options;
    const oldest = this.#days().at(-1) ?? "";
    const days = (await ifThere(readdir(directory))) ?? [];
    for (const day of days.filter((name) => /^\d{4}-\d\d-\d\d$/.test(name) && name < oldest))
      await removeTree(join(directory, day));
  }

  async #write(path: string, note: Note): Promise<void> {
    try {
      await stageFile(path, `${JSON.stringify(note)}\n`);
      await commitFile(path);
    } catch (error) {
      throw unusable(path, sentence(error), error);
    }
  }

  /** Names of directories, today's first. */
  #days(): string[] {
    const now = this.#options.now();
    return Array.from({ length: DAYS }, (_, index) =>
      new Date(now - index * DAY_MS).toISOString().slice(0, 10),
    );
  }
}

function unusable(path: string, why: string, cause: unknown): AgentdError {
  return new AgentdError("state_unusable", {
    tried: `note the delivery of a webhook in ${path}`,
    why,
    next: "Check that this user can write there and that the file system has free space.",
    cause,
  });
}
