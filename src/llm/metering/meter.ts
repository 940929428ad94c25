/**
 * Reads usage from a copy of an answer's bytes while they pass. Whatever a provider sends, nothing here throws: the
 * client's stream does not depend on it.
 */
import { createParser, type EventSourceParser } from "eventsource-parser";
import type { RouteName } from "../dialects/types.ts";
import type { Usage } from "../prices/types.ts";
import type { AnswerReader, OnId } from "./answer-reader.ts";
import { ChatReader } from "./chat-reader.ts";
import { GeminiReader } from "./gemini-reader.ts";
import { JsonObjects } from "./json-objects.ts";
import { MessagesReader } from "./messages-reader.ts";
import { ResponsesReader } from "./responses-reader.ts";

/** Characters of one event that are kept; the last one of the Responses API has the whole answer once more. */
const MAX_EVENT = 8 * 1024 * 1024;

/** What an answer has reported. */
export interface Metered {
  /** Undefined where nothing was reported, or not for the whole answer. */
  readonly usage: Usage | undefined;
  readonly model: string | undefined;
}

export interface Meter {
  push(chunk: Uint8Array): void;
  /** What was reported up to now, for an answer that is still going on: a lower bound. */
  readonly soFar: Usage | undefined;
  /** @param isWhole whether the answer came to its end, as far as the connection can tell. */
  end(isWhole: boolean): Metered;
}

/**
 * A meter for one answer.
 *
 * @param onId gets each id of something that the provider keeps.
 */
export function meterFor(route: RouteName, onId: OnId): Meter {
  return new AnswerMeter(readerFor(route, onId));
}

function readerFor(route: RouteName, onId: OnId): AnswerReader {
  switch (route) {
    case "responses":
      return new ResponsesReader(onId);
    case "chat_completions":
      return new ChatReader(onId);
    case "messages":
      return new MessagesReader(onId);
    case "generate_content":
    case "stream_generate_content":
      return new GeminiReader();
    default:
      return NOTHING;
  }
}

/** For requests that only count: they use nothing. */
const NOTHING: AnswerReader = {
  take: () => undefined,
  takeEnd: () => undefined,
  usage: undefined,
  isFinal: false,
  model: undefined,
};

class AnswerMeter implements Meter {
  readonly #reader: AnswerReader;
  readonly #decoder = new TextDecoder();
  readonly #objects: JsonObjects;
  #events: EventSourceParser | undefined;
  /** By the first character: servers do not always name what they send. Undefined until it has come. */
  #isJson: boolean | undefined;

  constructor(reader: AnswerReader) {
    this.#reader = reader;
    this.#objects = new JsonObjects((object) => reader.take(object));
  }

  get soFar(): Usage | undefined {
    return this.#reader.usage;
  }

  push(chunk: Uint8Array): void {
    this.#feed(this.#decoder.decode(chunk, { stream: true }));
  }

  end(isWhole: boolean): Metered {
    this.#feed(this.#decoder.decode());
    const { usage, model, isFinal } = this.#reader;
    const isComplete = isFinal === "maybe" ? isWhole && this.#objects.isWhole : isFinal;
    return { usage: isComplete ? usage : undefined, model };
  }

  #feed(text: string): void {
    this.#isJson ??= startsAsJson(text);
    if (this.#isJson === true) this.#objects.push(text);
    else if (this.#isJson === false) this.#feedEvents(text);
  }

  #feedEvents(text: string): void {
    this.#events ??= createParser({ maxBufferSize: MAX_EVENT, onEvent: ({ data }) => this.#takeEvent(data) });
    try {
      this.#events.feed(text);
    } catch {
      // It has met an event beyond the bound. Without the last event the whole reservation is charged.
    }
  }

  #takeEvent(data: string): void {
    if (data === "[DONE]") {
      this.#reader.takeEnd();
      return;
    }
    try {
      this.#reader.take(JSON.parse(data));
    } catch {
      // No event of the API: others may follow.
    }
  }
}

function startsAsJson(text: string): boolean | undefined {
  const first = text.trimStart()[0];
  return first === undefined ? undefined : first === "{" || first === "[";
}
