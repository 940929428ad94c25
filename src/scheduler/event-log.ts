/**
 * `schedules.jsonl`: what was decided, before it is carried out. Append-only, one event a line; when it has grown, it
 * becomes `schedules.jsonl.1` and a new one begins with what there is to know.
 */
import { link, open, readFile, rm, truncate } from "node:fs/promises";
import { dirname } from "node:path";
import { commitFile, stageFile, syncDirectory, writeNewFile } from "../durable-files.ts";
import { AgentdError, sentence, systemCode } from "../errors.ts";
import { readIfThere } from "../if-there.ts";
import { type NewEvent, type ScheduleEvent, scheduleEventSchema, timestampOf } from "./events.ts";
import { afterEvent, type ScheduleState, stateEvent, UNKNOWN } from "./schedule-state.ts";

/** A file that is smaller stays as it is. */
const MIN_ROTATION_BYTES = 1024 * 1024;

/** A file grows to this many times its first size. */
const GROWTH = 4;

/** What is known of schedules, by profile. */
export type ScheduleStates = ReadonlyMap<string, ScheduleState>;

export interface EventLogOptions {
  readonly path: string;
  /** Wall clock, in milliseconds since the epoch. */
  readonly now: () => number;
  /** Called with events once they are durable; must not throw, nor take long. Default: nobody follows them. */
  readonly onWritten?: ((events: readonly ScheduleEvent[]) => void) | undefined;
}

export interface OpenedEventLog {
  readonly events: EventLog;
  readonly states: ScheduleStates;
  /** Lines that hold no event, from 1: nothing but agentd should write the file. */
  readonly strangeLines: readonly number[];
}

/** The writer of the file. Only one may exist at a time, and its methods may not overlap. */
export class EventLog {
  readonly #path: string;
  readonly #now: () => number;
  readonly #onWritten: EventLogOptions["onWritten"];
  #length: number;
  #nextSeq: number;
  #rotationBytes = MIN_ROTATION_BYTES;

  /** Use `openEventLog`. @param length the file's, which ends with a whole line. */
  constructor({ path, now, onWritten }: EventLogOptions, length: number, nextSeq: number) {
    this.#path = path;
    this.#now = now;
    this.#onWritten = onWritten;
    this.#length = length;
    this.#nextSeq = nextSeq;
  }

  /** Whether it is time to `rotate`. */
  get isLarge(): boolean {
    return this.#length > this.#rotationBytes;
  }

  /**
   * Adds events, durably.
   *
   * @returns them with their time. When it rejects, none of them is in the file.
   * @throws AgentdError `state_unusable`.
   */
  async append(events: readonly NewEvent[]): Promise<readonly ScheduleEvent[]> {
    if (events.length === 0) return [];
    const written = this.#withTime(events);
    try {
      await this.#write(linesOf(written));
    } catch (error) {
      throw unusable(this.#path, "write", error);
    }
    this.#nextSeq += written.length;
    this.#onWritten?.(written);
    return written;
  }

  /** Begins a new file with all that is known, and keeps the old one beside it in the place of an older one. */
  async rotate(states: ScheduleStates): Promise<void> {
    const events = [...states].map(([profile, state]) => stateEvent(profile, state));
    const content = linesOf(this.#withTime(events));
    const nextSeq = this.#nextSeq + events.length;
    const older = `${this.#path}.1`;
    try {
      await stageFile(this.#path, content);
      await rm(older, { force: true });
      await link(this.#path, older);
      await commitFile(this.#path);
    } catch (error) {
      throw unusable(this.#path, "replace", error);
    }
    this.#length = content.length;
    this.#nextSeq = nextSeq;
    this.#rotationBytes = Math.max(MIN_ROTATION_BYTES, GROWTH * content.length);
  }

  #withTime(events: readonly NewEvent[]): readonly ScheduleEvent[] {
    const time = timestampOf(this.#now());
    return events.map((event, index) => ({ time, seq: this.#nextSeq + index, ...event }));
  }

  async #write(lines: Buffer): Promise<void> {
    const file = await open(this.#path, "a");
    try {
      await file.writeFile(lines);
      await file.datasync();
      this.#length += lines.length;
    } catch (error) {
      // On a full disk half a line may be written, and the next one must not follow it directly.
      await file.truncate(this.#length);
      throw error;
    } finally {
      await file.close();
    }
  }
}

/**
 * Opens the file, which is made when there is none, and reads what it holds. A line that a crash cut short is removed:
 * it was never acted on.
 *
 * @throws AgentdError `state_unusable`.
 */
export async function openEventLog(options: EventLogOptions): Promise<OpenedEventLog> {
  const { path } = options;
  try {
    const content = await readOrCreate(path);
    const length = content.lastIndexOf("\n") + 1;
    if (length < content.length) await truncate(path, length);
    const lines = content.toString("utf8", 0, length).split("\n").slice(0, -1);
    const { nextSeq, ...replayed } = replay(lines);
    return { events: new EventLog(options, length, nextSeq), ...replayed };
  } catch (error) {
    throw unusable(path, "read", error);
  }
}

async function readOrCreate(path: string): Promise<Buffer> {
  try {
    return await readFile(path);
  } catch (error) {
    if (systemCode(error) !== "ENOENT") throw error;
    await writeNewFile(path, "");
    await syncDirectory(dirname(path));
    return Buffer.alloc(0);
  }
}

/**
 * Every event that is kept, oldest first, with those of the file before this one.
 *
 * @throws AgentdError `state_unusable`.
 */
export async function readEventLog(path: string): Promise<ScheduleEvent[]> {
  try {
    const files = await Promise.all([readIfThere(`${path}.1`), readIfThere(path)]);
    const lines = files.flatMap((content) => content?.split("\n").slice(0, -1) ?? []);
    return lines.flatMap((line) => readEvent(line) ?? []);
  } catch (error) {
    throw unusable(path, "read", error);
  }
}

function replay(
  lines: readonly string[],
): Pick<OpenedEventLog, "states" | "strangeLines"> & { readonly nextSeq: number } {
  let nextSeq = 0;
  const states = new Map<string, ScheduleState>();
  const strangeLines: number[] = [];
  for (const [index, line] of lines.entries()) {
    const event = readEvent(line);
    if (event === undefined) strangeLines.push(index + 1);
    else states.set(event.profile, afterEvent(states.get(event.profile) ?? UNKNOWN, event));
    nextSeq = Math.max(nextSeq, (event?.seq ?? -1) + 1);
  }
  return { states, strangeLines, nextSeq };
}

function readEvent(line: string): ScheduleEvent | undefined {
  try {
    return scheduleEventSchema.safeParse(JSON.parse(line)).data;
  } catch {
    return undefined; // Not JSON: the caller counts the line.
  }
}

function linesOf(events: readonly ScheduleEvent[]): Buffer {
  return Buffer.from(events.map((event) => `${JSON.stringify(event)}\n`).join(""));
}

function unusable(path: string, verb: string, cause: unknown): AgentdError {
  return new AgentdError("state_unusable", {
    tried: `${verb} the events of schedules in ${path}`,
    why: sentence(cause),
    next: "Check that this user can write to the directory and that the file system has free space.",
    cause,
  });
}
