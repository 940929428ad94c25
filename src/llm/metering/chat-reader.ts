/** OpenAI Chat Completions: the usage is in the last chunk, which the gateway asks for; those before have `null`. */
import type { Usage } from "../prices/types.ts";
import type { AnswerReader, OnId } from "./answer-reader.ts";
import { fieldsOf, listOf, nameOf } from "./fields.ts";
import { openAiUsage } from "./responses-reader.ts";

export class ChatReader implements AnswerReader {
  readonly #onId: OnId;
  usage: Usage | undefined;
  isFinal: boolean | "maybe" = false;
  model: string | undefined;

  constructor(onId: OnId) {
    this.#onId = onId;
  }

  take(event: unknown): void {
    const { id, model, choices, usage, object } = fieldsOf(event);
    this.model = nameOf(model) ?? this.model;
    const name = nameOf(id);
    if (name !== undefined) this.#onId(name);
    const reported = openAiUsage(usage, {
      input: "prompt_tokens",
      output: "completion_tokens",
      inputDetails: "prompt_tokens_details",
      outputDetails: "completion_tokens_details",
    });
    if (reported === undefined) return;
    // Compatible servers send running counts, or the last ones beside the last words.
    this.usage = reported;
    if (object === "chat.completion" || listOf(choices).length === 0) this.isFinal = true;
    else if (listOf(choices).some((choice) => hasFinished(choice))) this.isFinal ||= "maybe";
  }

  takeEnd(): void {
    this.isFinal = this.usage !== undefined;
  }
}

function hasFinished(choice: unknown): boolean {
  return typeof fieldsOf(choice)["finish_reason"] === "string";
}
