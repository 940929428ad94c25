/**
 * Runs the programs of `[[profiles.after]]` on this host, when the records of their sessions are sealed.
 *
 * What is owed is a file in the state directory from before the seal until the last program has ended, so a daemon that dies
 * loses none. One that was running then is run again: at least once, not exactly once.
 */
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import pLimit from "p-limit";
import * as z from "zod";
import { evidencePaths } from "../audit/keys/evidence-paths.ts";
import { readDocument } from "../audit/read/query.ts";
import { addNote } from "../audit/seal/add-note.ts";
import type { Environment } from "../environment.ts";
import type { Failpoints } from "../failpoints.ts";
import { runHostProgram } from "../host-program.ts";
import type { Logger } from "../log.ts";
import { OwedWork } from "../owed-work.ts";
import type { AfterSessions, OwedPrograms } from "../sessions/port/after-session.ts";

export interface AfterProgramsOptions {
  readonly stateDirectory: string;
  /** The daemon's; a program gets a few names of it. */
  readonly environment: Environment;
  readonly log: Logger;
  /** Wall clock, in milliseconds since the epoch. */
  readonly now: () => number;
  readonly failpoints: Failpoints;
  /** How long one program may run. Default: a minute. */
  readonly limitMs?: number | undefined;
}

const LIMIT_MS = 60_000;
const SESSIONS_AT_ONCE = 4;

const owedSchema = z.object({
  profile: z.string(),
  directory: z.string(),
  commands: z.array(z.array(z.string())),
  /** How many of them have ended. */
  done: z.int(),
});

type Owed = z.infer<typeof owedSchema>;

export class AfterPrograms implements AfterSessions {
  readonly #options: AfterProgramsOptions;
  readonly #owed: OwedWork<Owed>;
  readonly #closing = new AbortController();
  readonly #running = new Map<string, Promise<void>>();
  readonly #limit = pLimit(SESSIONS_AT_ONCE);

  constructor(options: AfterProgramsOptions) {
    this.#options = options;
    this.#owed = new OwedWork({
      directory: join(options.stateDirectory, "after"),
      schema: owedSchema,
      next: "Remove the file: the programs after that session are not run then.",
    });
  }

  async owe({ sessionId, profile, directory, commands }: OwedPrograms): Promise<void> {
    const owed = { profile, directory, commands: commands.map((each) => [...each]), done: 0 };
    if (!(await this.#owed.add(sessionId, owed))) return;
    await this.#options.failpoints.reach("after_owed");
  }

  sealed(sessionId: string): void {
    if (this.#closing.signal.aborted || this.#running.has(sessionId)) return;
    const { log } = this.#options;
    const running = this.#limit(() => this.#run(sessionId))
      .catch((error: unknown) => {
        if (!this.#closing.signal.aborted)
          log.error({ error, session: sessionId }, "programs after the session");
      })
      .finally(() => this.#running.delete(sessionId));
    this.#running.set(sessionId, running);
  }

  /** Runs what an earlier daemon owed. A session that is not sealed yet is left to its own end. */
  async resume(): Promise<void> {
    const isSealed = async (directory: string): Promise<boolean> =>
      (await readDocument(directory)).outcome !== null;
    await this.#owed.resume(isSealed, (sessionId) => this.sealed(sessionId));
  }

  /** Ends the programs that run; the next daemon runs them again. */
  async close(): Promise<void> {
    this.#closing.abort(new Error("the daemon ends"));
    await Promise.all(this.#running.values());
  }

  async #run(sessionId: string): Promise<void> {
    const owed = await this.#owed.read(sessionId);
    if (owed === undefined) return;
    for (let index = owed.done; index < owed.commands.length; index += 1) {
      this.#closing.signal.throwIfAborted();
      await this.#runOne(sessionId, owed, index);
      await this.#options.failpoints.reach("after_run");
      await this.#owed.write(sessionId, { ...owed, done: index + 1 });
    }
    await this.#owed.forget(sessionId);
  }

  async #runOne(sessionId: string, { directory, profile, commands }: Owed, index: number): Promise<void> {
    const { log, now, stateDirectory, environment, limitMs = LIMIT_MS } = this.#options;
    const command = commands[index] ?? [];
    const about = { session: sessionId, profile, command };
    const { why, output } = await runHostProgram([...command, directory], {
      ...{ environment, limitMs, signal: this.#closing.signal },
      input: await readFile(join(directory, "agentd/session.json")),
    });
    this.#closing.signal.throwIfAborted();
    if (why === undefined) {
      log.info({ ...about, output }, "program after the session ended");
      return;
    }
    log.warn({ ...about, output, why }, "program after the session failed");
    try {
      const note = { time: new Date(now()).toISOString(), kind: "after", index, command } as const;
      addNote(
        { id: sessionId, profile, directory },
        { ...note, result: "failed", why },
        evidencePaths(stateDirectory),
      );
    } catch (error) {
      log.error({ ...about, error }, "the failure is not noted in the record");
    }
  }
}
