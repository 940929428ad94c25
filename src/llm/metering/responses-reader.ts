/** OpenAI Responses: the usage is in the last event, whichever of the three it is. */
import { NO_USAGE, type Usage } from "../prices/types.ts";
import type { AnswerReader, OnId } from "./answer-reader.ts";
import { countOf, fieldsOf, listOf, nameOf } from "./fields.ts";

/** A forced cap makes `incomplete` an everyday end. */
const LAST_EVENTS: readonly unknown[] = ["response.completed", "response.incomplete", "response.failed"];

export class ResponsesReader implements AnswerReader {
  readonly #onId: OnId;
  usage: Usage | undefined;
  isFinal = false;
  model: string | undefined;

  constructor(onId: OnId) {
    this.#onId = onId;
  }

  take(event: unknown): void {
    const { type, response, item, ...whole } = fieldsOf(event);
    if (type === undefined) {
      this.#takeResponse(whole, true);
    } else if (response !== undefined) {
      this.#takeResponse(fieldsOf(response), LAST_EVENTS.includes(type));
    } else if (item !== undefined) {
      this.#takeItem(item);
    }
  }

  takeEnd(): void {
    // The last event has said it all.
  }

  #takeResponse(
    { id, model, output, conversation, usage }: ReturnType<typeof fieldsOf>,
    isLast: boolean,
  ): void {
    this.model = nameOf(model) ?? this.model;
    this.#remember(id);
    this.#remember(fieldsOf(conversation)["id"]);
    for (const item of listOf(output)) this.#takeItem(item);
    if (!isLast) return;
    const reported = openAiUsage(usage, {
      input: "input_tokens",
      output: "output_tokens",
      inputDetails: "input_tokens_details",
      outputDetails: "output_tokens_details",
    });
    if (reported === undefined) return;
    // Searches are priced by call, and only the output has them.
    this.usage = { ...reported, webSearches: listOf(output).filter(isWebSearch).length };
    this.isFinal = true;
  }

  /** Not what a model wrote: a call's arguments and a message's text could be any id. */
  #takeItem(item: unknown): void {
    const { id, container_id: container, content } = fieldsOf(item);
    this.#remember(id);
    this.#remember(container);
    for (const part of listOf(content)) {
      for (const annotation of listOf(fieldsOf(part)["annotations"])) {
        const { file_id: file, container_id: place } = fieldsOf(annotation);
        this.#remember(file);
        this.#remember(place);
      }
    }
  }

  #remember(value: unknown): void {
    const id = nameOf(value);
    if (id !== undefined) this.#onId(id);
  }
}

function isWebSearch(item: unknown): boolean {
  return fieldsOf(item)["type"] === "web_search_call";
}

interface Names {
  readonly input: string;
  readonly output: string;
  readonly inputDetails: string;
  readonly outputDetails: string;
}

/** The usage of either API of OpenAI; its counts include their parts. Undefined where there is none. */
export function openAiUsage(value: unknown, names: Names): Usage | undefined {
  const usage = fieldsOf(value);
  const [total, output] = [countOf(usage[names.input]), countOf(usage[names.output])];
  if (total === undefined || output === undefined) return undefined;
  const details = fieldsOf(usage[names.inputDetails]);
  const outputDetails = fieldsOf(usage[names.outputDetails]);
  const cacheRead = Math.min(countOf(details["cached_tokens"]) ?? 0, total);
  const cacheWrite5m = Math.min(countOf(details["cache_write_tokens"]) ?? 0, total - cacheRead);
  const input = total - cacheRead - cacheWrite5m;
  return {
    ...NO_USAGE,
    input,
    cacheRead,
    cacheWrite5m,
    output,
    reasoning: Math.min(countOf(outputDetails["reasoning_tokens"]) ?? 0, output),
    inputAudio: Math.min(countOf(details["audio_tokens"]) ?? 0, input),
    inputImage: Math.min(countOf(details["image_tokens"]) ?? 0, input),
    outputAudio: Math.min(countOf(outputDetails["audio_tokens"]) ?? 0, output),
    outputImage: Math.min(countOf(outputDetails["image_tokens"]) ?? 0, output),
  };
}
