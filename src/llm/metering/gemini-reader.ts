/** Gemini: every chunk has the usage so far, and the last one counts. */
import { NO_USAGE, type Usage } from "../prices/types.ts";
import type { AnswerReader } from "./answer-reader.ts";
import { countOf, type Fields, fieldsOf, listOf, nameOf } from "./fields.ts";

export class GeminiReader implements AnswerReader {
  usage: Usage | undefined;
  model: string | undefined;
  #hasFinished = false;

  get isFinal(): false | "maybe" {
    return this.#hasFinished && this.usage !== undefined ? "maybe" : false;
  }

  take(event: unknown): void {
    const { usageMetadata, modelVersion, candidates, promptFeedback } = fieldsOf(event);
    this.model = nameOf(modelVersion) ?? this.model;
    if (usageMetadata !== undefined) this.usage = usageOf(fieldsOf(usageMetadata));
    const isRefused = fieldsOf(promptFeedback)["blockReason"] !== undefined;
    const isFinished = listOf(candidates).some((each) => fieldsOf(each)["finishReason"] !== undefined);
    if (isRefused || isFinished) this.#hasFinished = true;
  }

  takeEnd(): void {
    // It has no word for it.
  }
}

function usageOf(usage: Fields): Usage {
  const of = (name: string): number => countOf(usage[name]) ?? 0;
  const cacheRead = of("cachedContentTokenCount");
  const prompt = Math.max(of("promptTokenCount"), cacheRead);
  // What tools of the provider put into the prompt is counted beside it.
  const input = prompt - cacheRead + of("toolUsePromptTokenCount");
  const output = of("candidatesTokenCount") + of("thoughtsTokenCount");
  const cached = modality(usage["cacheTokensDetails"]);
  const read = modality(usage["promptTokensDetails"]);
  const written = modality(usage["candidatesTokensDetails"]);
  // Of the prompt's modalities, what came from a cache counts as that.
  const fresh = (kind: string): number => Math.min(Math.max(read(kind) - cached(kind), 0), input);
  return {
    ...NO_USAGE,
    input,
    cacheRead,
    output,
    reasoning: Math.min(of("thoughtsTokenCount"), output),
    inputAudio: fresh("AUDIO"),
    inputImage: fresh("IMAGE"),
    inputVideo: fresh("VIDEO"),
    cacheReadAudio: Math.min(cached("AUDIO"), cacheRead),
    cacheReadImage: Math.min(cached("IMAGE"), cacheRead),
    outputAudio: Math.min(written("AUDIO"), output),
    outputImage: Math.min(written("IMAGE"), output),
    outputVideo: Math.min(written("VIDEO"), output),
  };
}

/** How many tokens a list of details has of a modality. */
function modality(details: unknown): (kind: string) => number {
  return (kind) =>
    listOf(details)
      .map(fieldsOf)
      .filter((each) => each["modality"] === kind)
      .reduce((sum, each) => sum + (countOf(each["tokenCount"]) ?? 0), 0);
}
