import type { FeedEvent } from "./event.ts";
import type { Cursor, Cursors } from "./segment.ts";

/** How far the feed has come with each file that it tells of. */
export class FeedCursors {
  readonly #cursors = new Map<string, Cursor>();
  /** Sessions that have had their last event. */
  readonly #ended = new Set<string>();

  constructor(cursors: Cursors) {
    for (const [source, cursor] of cursors) this.#set(source, cursor);
  }

  get all(): Cursors {
    return this.#cursors;
  }

  of(source: string): Cursor | undefined {
    return this.#cursors.get(source);
  }

  note({ source, source_seq: seq, type }: Pick<FeedEvent, "source" | "source_seq" | "type">): void {
    this.#set(source, { seq, type });
  }

  /**
   * Forgets sessions that have ended. Only once their cursors are in a segment's first line: a power cut may bring the
   * entry of such a session back into the index of open records.
   */
  forgetEnded(): void {
    for (const source of this.#cursors.keys()) {
      if (this.#ended.has(ownerOf(source))) this.#cursors.delete(source);
    }
    this.#ended.clear();
  }

  #set(source: string, cursor: Cursor): void {
    this.#cursors.set(source, cursor);
    if (cursor.type === "session.sealed") this.#ended.add(ownerOf(source));
  }
}

/** The session of a file, or the file where it is of none. */
export function ownerOf(source: string): string {
  return source.split("/", 1)[0] ?? source;
}
