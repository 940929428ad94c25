/** Anthropic Messages: usage comes in two events, and what the second says replaces what the first said. */
import { NO_USAGE, type Usage } from "../prices/types.ts";
import type { AnswerReader, OnId } from "./answer-reader.ts";
import { countOf, type Fields, fieldsOf, listOf, nameOf } from "./fields.ts";

/** Counts of the API that make up a usage. */
const COUNTS = [
  "input_tokens",
  "cache_read_input_tokens",
  "cache_creation_input_tokens",
  "output_tokens",
] as const;

export class MessagesReader implements AnswerReader {
  readonly #onId: OnId;
  readonly #counts = new Map<string, number>();
  /** One object for as long as nothing new is reported. */
  usage: Usage | undefined;
  #hasEnded = false;
  #hasTotal = false;
  model: string | undefined;

  constructor(onId: OnId) {
    this.#onId = onId;
  }

  take(event: unknown): void {
    const fields = fieldsOf(event);
    const { type } = fields;
    if (type === "message_start") {
      this.#takeMessage(fieldsOf(fields["message"]));
    } else if (type === "message") {
      this.#takeMessage(fields);
      this.#hasEnded = true;
      this.#hasTotal = this.#counts.has("output_tokens");
    } else if (type === "message_delta") {
      this.#takeUsage(fieldsOf(fields["usage"]));
      this.#rememberIds(fieldsOf(fields["delta"]));
      this.#hasEnded ||= typeof fieldsOf(fields["delta"])["stop_reason"] === "string";
      // Without output there the counts are still those of the start.
      this.#hasTotal ||= countOf(fieldsOf(fields["usage"])["output_tokens"]) !== undefined;
    } else if (type === "message_stop") {
      this.#hasEnded = true;
    } else if (type === "content_block_start") {
      this.#takeBlock(fields["content_block"]);
    }
  }

  takeEnd(): void {
    // The delta has said it all.
  }

  get isFinal(): boolean {
    return this.#hasEnded && this.#hasTotal;
  }

  #counted(): Usage | undefined {
    if (this.#counts.size === 0) return undefined;
    const of = (name: string): number => this.#counts.get(name) ?? 0;
    const written = of("cache_creation_input_tokens");
    // Where the split is missing, the dearer kind: a request may write one, the other, or both.
    const cacheWrite5m = Math.min(of("ephemeral_5m_input_tokens"), written);
    return {
      ...NO_USAGE,
      input: of("input_tokens"),
      cacheRead: of("cache_read_input_tokens"),
      cacheWrite5m,
      cacheWrite1h: written - cacheWrite5m,
      output: of("output_tokens"),
      webSearches: of("web_search_requests"),
    };
  }

  #takeMessage(message: Fields): void {
    this.model = nameOf(message["model"]) ?? this.model;
    this.#remember(message["id"]);
    this.#rememberIds(message);
    for (const block of listOf(message["content"])) this.#takeBlock(block);
    this.#takeUsage(fieldsOf(message["usage"]));
  }

  /** The last value of each count that is one: the events are cumulative. */
  #takeUsage(usage: Fields): void {
    const creation = fieldsOf(usage["cache_creation"]);
    const tools = fieldsOf(usage["server_tool_use"]);
    for (const name of COUNTS) this.#set(name, usage[name]);
    this.#set("ephemeral_5m_input_tokens", creation["ephemeral_5m_input_tokens"]);
    this.#set("web_search_requests", tools["web_search_requests"]);
    this.usage = this.#counted();
  }

  #set(name: string, value: unknown): void {
    const count = countOf(value);
    if (count !== undefined) this.#counts.set(name, count);
  }

  #rememberIds(fields: Fields): void {
    this.#remember(fieldsOf(fields["container"])["id"]);
  }

  /** Files that the provider's own tools made; never a tool's `input`, which the model wrote. */
  #takeBlock(block: unknown): void {
    const { type, content } = fieldsOf(block);
    if (typeof type !== "string" || !type.endsWith("_tool_result")) return;
    for (const part of listOf(fieldsOf(content)["content"])) this.#remember(fieldsOf(part)["file_id"]);
  }

  #remember(value: unknown): void {
    const id = nameOf(value);
    if (id !== undefined) this.#onId(id);
  }
}
