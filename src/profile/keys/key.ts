/** The description of one key of a profile. */
import type * as z from "zod";
import type { writtenPrice } from "../rules/llm-prices.ts";
import type { writtenProvider } from "../rules/llm-providers.ts";

/** Makes a path absolute that is meant from the directory of the configuration file. */
export type FromFile = (path: string) => string;

/** What the file has besides the key. */
export interface Beside {
  /** The keys of the same profile, as they are written. */
  readonly profile: Readonly<Record<string, unknown>>;
  readonly providers: readonly z.output<typeof writtenProvider>[];
  readonly prices: readonly z.output<typeof writtenPrice>[];
}

/** One key of a profile. */
export interface ProfileKey<Name extends string, Written extends z.ZodType, Kept extends z.ZodType> {
  /** Its name in agentd: camelCase, with its unit. */
  readonly name: Name;
  /** The value in the file, with its rules, default and description. */
  readonly written: Written;
  /**
   * What is kept. Without the rules of the file: a session that was accepted under older rules continues. A key that is
   * added later is optional here, because plans that an earlier version has written do not have it.
   */
  readonly kept: Kept;
  /** From the written value to the kept one. */
  readonly read: (written: z.output<Written>, fromFile: FromFile, beside: Beside) => z.output<Kept>;
}

/** A key whose written form differs from what is kept. */
export function key<const Name extends string, Written extends z.ZodType, Kept extends z.ZodType>(
  name: Name,
  written: Written,
  kept: Kept,
  read: (written: z.output<Written>, fromFile: FromFile, beside: Beside) => z.output<Kept>,
): ProfileKey<Name, Written, Kept> {
  return { name, written, kept, read };
}

/** A key that is kept as it is written. */
export function plain<
  const Name extends string,
  Kept extends z.ZodType,
  Written extends z.ZodType<z.output<Kept>>,
>(name: Name, kept: Kept, written: Written) {
  return key(name, written, kept, (value) => value as z.output<Kept>);
}

/** A key that the daemon shows of its profiles, under this name; null where it is undefined. */
export function shown<const As extends string, Key extends { readonly kept: z.ZodType }>(
  as: As,
  shownKey: Key,
) {
  return { ...shownKey, shown: { as } };
}

/** The number behind a text that the rules have accepted. */
export function parsed(text: string, read: (text: string) => number | undefined): number {
  const value = read(text);
  if (value === undefined) throw new TypeError(`${JSON.stringify(text)} has passed the schema`);
  return value;
}
