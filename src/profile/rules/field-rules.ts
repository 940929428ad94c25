/** The kinds of values that keys of the configuration have. A rule's message has no full stop. */
import * as z from "zod";
import { AGE_RULE, ageMs, DURATION_RULE, durationMs, GRACE_RULE, graceMs } from "./durations.ts";
import { SIZE_OR_ZERO_RULE, SIZE_RULE, sizeBytes, sizeOrZeroBytes } from "./sizes.ts";
import { variableNameFault } from "./variable-names.ts";

const MAX_ARGUMENT_BYTES = 128 * 1024;
const SESSIONS_RULE = "must be a whole number from 1 to 10000";

/** Where a rule puts what it found. */
export type Context = z.core.$RefinementCtx;

/** For rules across keys: they run even where a key is wrong, so that all problems are reported at once. */
export const always = { when: () => true };

/** A rule from a function that gives the message of the broken rule, and undefined when none is. */
export function rule<Value = string>(fault: (value: Value) => string | undefined) {
  return (value: Value, context: Context): void => {
    const message = fault(value);
    if (message !== undefined) context.addIssue({ code: "custom", message });
  };
}

export function text() {
  return z.string().refine((value) => !value.includes("\0"), "must not contain a NUL character");
}

/** A path on the host: absolute, or meant from the directory of the file. */
export function path() {
  return text()
    .min(1, "must not be empty")
    .refine((value) => !/^~[^/]*(?:\/|$)/.test(value), "~ is not expanded: write the full path")
    .meta({ type_in_words: "path" });
}

export function argument() {
  return text().refine(
    (value) => Buffer.byteLength(value) < MAX_ARGUMENT_BYTES,
    "must be shorter than 128 KiB, the kernel's limit for one argument",
  );
}

/** A duration as it is written, such as "90s". */
export function duration() {
  return z
    .string()
    .refine((value) => durationMs(value) !== undefined, DURATION_RULE)
    .meta({ type_in_words: "duration" });
}

/** An age as it is written, such as "30d". */
export function age() {
  return z
    .string()
    .refine((value) => ageMs(value) !== undefined, AGE_RULE)
    .meta({ type_in_words: "duration" });
}

/** A duration that may be none, such as "10s" or "0s". */
export function grace() {
  return z
    .string()
    .refine((value) => graceMs(value) !== undefined, GRACE_RULE)
    .meta({ type_in_words: "duration" });
}

/** A size as it is written, such as "512m". */
export function size() {
  return z
    .string()
    .refine((value) => sizeBytes(value) !== undefined, SIZE_RULE)
    .meta({ type_in_words: "size" });
}

/** A size that may be none, such as "1g" or "0". */
export function sizeOrZero() {
  return z
    .string()
    .refine((value) => sizeOrZeroBytes(value) !== undefined, SIZE_OR_ZERO_RULE)
    .meta({ type_in_words: "size" });
}

/** How many sessions there may be at once. */
export function sessionCount() {
  return z.int(SESSIONS_RULE).min(1, SESSIONS_RULE).max(10_000, SESSIONS_RULE);
}

/** The name of a variable that a profile sets for its command. */
export function variableName() {
  return z.string().superRefine(rule(variableNameFault));
}

/** The name of a variable of the daemon's; concealed, because a secret's value may have been put in its place. */
export function daemonVariable() {
  return z
    .string()
    .regex(
      /^[A-Za-z_][A-Za-z0-9_]*$/,
      "must be the name of an environment variable of the daemon, not a value",
    )
    .meta({ concealed: true });
}

/** The entries of an array of tables with one of their texts; undefined where an entry does not have it. */
export function textsOf(entries: unknown, key: string): (string | undefined)[] {
  if (!Array.isArray(entries)) return [];
  return entries.map((entry: unknown) => {
    const value = isTable(entry) ? entry[key] : undefined;
    return typeof value === "string" ? value : undefined;
  });
}

export function isTable(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** No two entries of an array of tables have the same `name`. */
export function namesAreUnique(message: string) {
  return (entries: unknown, context: Context): void => {
    const seen = new Set<string>();
    for (const [index, name] of textsOf(entries, "name").entries()) {
      if (name !== undefined && seen.has(name))
        context.addIssue({ code: "custom", path: [index, "name"], message });
      if (name !== undefined) seen.add(name);
    }
  };
}
