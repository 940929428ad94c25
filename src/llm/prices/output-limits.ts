/**
 * How many tokens models write at most, where the price data does not say. A cap beyond it would be refused by the
 * provider. Nothing is charged by these numbers.
 */
import { matchesGlob } from "../../name-glob.ts";
import type { DialectName } from "./types.ts";

/** The first glob that matches counts. */
const LIMITS: Readonly<Record<DialectName, readonly (readonly [glob: string, tokens: number])[]>> = {
  openai: [
    ["gpt-3.5*", 4_096],
    ["gpt-4-turbo*", 4_096],
    ["gpt-4-????-preview", 4_096],
    ["gpt-4o*", 16_384],
    ["chatgpt-4o*", 16_384],
    ["gpt-4.1*", 32_768],
    ["gpt-4", 8_192],
    ["gpt-4-*", 8_192],
    ["gpt-audio*", 16_384],
    ["gpt-5*-chat*", 16_384],
    ["gpt-5*", 128_000],
    ["gpt-6*", 128_000],
    ["o1-mini*", 65_536],
    ["o1-preview*", 32_768],
    ["o?*", 100_000],
    ["codex-mini*", 100_000],
  ],
  anthropic: [
    ["claude-3-5-*", 8_192],
    ["claude-3-7-*", 64_000],
    ["claude-3-*", 4_096],
    ["claude-opus-4", 32_000],
    ["claude-opus-4-0", 32_000],
    ["claude-opus-4-1*", 32_000],
    ["claude-opus-4-20*", 32_000],
    ["claude-*", 64_000],
  ],
  gemini: [
    ["gemini-1*", 8_192],
    ["gemini-2.0*", 8_192],
    ["gemini-2.5-flash-image*", 32_768],
    ["gemini-*", 65_536],
  ],
};

/** Undefined when unknown. */
export function outputLimit(dialect: DialectName, model: string): number | undefined {
  return LIMITS[dialect].find(([glob]) => matchesGlob(glob, model))?.[1];
}
