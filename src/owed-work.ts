/** What sessions that have ended still owe: a file for each, from before its record is sealed until all of it is done. */
import { mkdir, readdir, rm } from "node:fs/promises";
import { join } from "node:path";
import type * as z from "zod";
import { commitFile, stageFile } from "./durable-files.ts";
import { AgentdError, sentence } from "./errors.ts";
import { ifThere, isThere, readIfThere } from "./if-there.ts";

/** The names of the files; what is being written beside one has another. */
const SESSION = /^[0-9a-f]{16}$/;

/** Of one session. */
interface Owed {
  /** Of its record. */
  readonly directory: string;
}

export interface OwedWorkOptions<T> {
  /** Where the files are; made with the first one. */
  readonly directory: string;
  readonly schema: z.ZodType<T>;
  /** What an operator does about a file that cannot be read, for the error. */
  readonly next: string;
}

/** The files of one kind of work. */
export class OwedWork<T extends Owed> {
  readonly #options: OwedWorkOptions<T>;

  constructor(options: OwedWorkOptions<T>) {
    this.#options = options;
  }

  /** Writes down what a session owes, once, durably. @returns false when that was done before. */
  async add(sessionId: string, owed: T): Promise<boolean> {
    if (await isThere(this.#pathOf(sessionId))) return false;
    await mkdir(this.#options.directory, { recursive: true, mode: 0o700 });
    await this.write(sessionId, owed);
    return true;
  }

  /** What a session owes; undefined: nothing any more. @throws AgentdError `state_unusable`. */
  async read(sessionId: string): Promise<T | undefined> {
    const { schema, next } = this.#options;
    const path = this.#pathOf(sessionId);
    const text = await readIfThere(path);
    if (text === undefined) return undefined;
    try {
      return schema.parse(JSON.parse(text));
    } catch (cause) {
      throw new AgentdError("state_unusable", { tried: `read ${path}`, why: sentence(cause), next, cause });
    }
  }

  /** Writes down what is left, durably. */
  async write(sessionId: string, owed: T): Promise<void> {
    const path = this.#pathOf(sessionId);
    await stageFile(path, `${JSON.stringify(owed)}\n`);
    await commitFile(path);
  }

  /** For a session that owes nothing any more. */
  async forget(sessionId: string): Promise<void> {
    await rm(this.#pathOf(sessionId), { force: true });
  }

  /**
   * Calls back for each session that owes something and whose record is sealed, for a daemon that starts. One that is not
   * sealed yet is left to its own end, and one whose record is gone owes nothing any more.
   *
   * @throws AgentdError `state_unusable`.
   */
  async resume(
    isSealed: (directory: string) => Promise<boolean>,
    goOn: (sessionId: string) => void,
  ): Promise<void> {
    const names = (await ifThere(readdir(this.#options.directory))) ?? [];
    for (const sessionId of names.filter((name) => SESSION.test(name))) {
      const owed = await this.read(sessionId);
      if (owed === undefined || !(await isThere(owed.directory))) await this.forget(sessionId);
      else if (await isSealed(owed.directory)) goOn(sessionId);
    }
  }

  #pathOf(sessionId: string): string {
    return join(this.#options.directory, sessionId);
  }
}
