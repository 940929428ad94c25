/** What reads the events of one answer, or a whole one. */
import type { Usage } from "../prices/types.ts";

/** What an answer has said so far. */
export interface AnswerReader {
  /** Takes an event of a stream, or the whole answer. */
  take(event: unknown): void;
  /** Takes the end of a stream that has a word for it: `[DONE]`. */
  takeEnd(): void;
  /** What was reported so far; undefined: nothing. */
  readonly usage: Usage | undefined;
  /**
   * Whether the usage is that of the whole answer: `maybe` where only the end of the connection tells whether more
   * would have come.
   */
  readonly isFinal: boolean | "maybe";
  /** The model that answered. */
  readonly model: string | undefined;
}

/** Takes an id of something that the provider keeps. */
export type OnId = (id: string) => void;
