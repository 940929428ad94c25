/** `[[notify]]`: whom agentd tells of what. */
import * as z from "zod";
import { NOTICE_FORMATS, NOTICE_KINDS, type NotifyTarget, type NotifyVia } from "../notify/target.ts";
import { graceMs } from "../profile/rules/durations.ts";
import {
  always,
  argument,
  type Context,
  daemonVariable,
  grace,
  isTable,
  namesAreUnique,
  rule,
  textsOf,
} from "../profile/rules/field-rules.ts";

const MOST_TARGETS = 50;
const MOST_PATTERNS = 100;
const NAME = /^[a-z0-9][a-z0-9_-]{0,31}$/;
const NAME_RULE = "must be 1 to 32 of a-z, 0-9, _ and -, and begin with a letter or a digit";
const AFTER_RULE = "must be a whole number from 1 to 1000";

const writtenTarget = z
  .strictObject({
    name: z.string().regex(NAME, NAME_RULE).describe("Name of the target, for `agentd notify`."),
    on: z
      .array(z.enum(NOTICE_KINDS))
      .min(1, "must name something to tell")
      .optional()
      .describe("What it is told. Default: everything.")
      .meta({ type_in_words: "array of strings" }),
    profiles: z
      .array(z.string())
      .min(1, "must have a pattern")
      .max(MOST_PATTERNS, `must have at most ${MOST_PATTERNS} patterns`)
      .optional()
      .describe("Profiles that it is told of, as names or globs such as site-*. Default: all."),
    after: z
      .int(AFTER_RULE)
      .min(1, AFTER_RULE)
      .max(1000, AFTER_RULE)
      .default(1)
      .describe("How many sessions of a profile have to fail in a row before it is told."),
    remind: grace()
      .default("12h")
      .describe("Time after which it is told again that a profile goes on failing; 0s for never."),
    command: z
      .array(argument())
      .min(1, "must have at least one element, the program to run")
      .superRefine(rule<readonly string[]>(programFault))
      .optional()
      .describe("Program and arguments, run on this host with the message as JSON on standard input."),
    url_source: daemonVariable()
      .optional()
      .describe("Variable in credentials.env with the address to post to."),
    format: z
      .enum(NOTICE_FORMATS)
      .optional()
      .describe('What is posted to the address. Default: `"standard"`.'),
    secret_source: daemonVariable()
      .optional()
      .describe(
        'Variable in credentials.env with the key for signatures, whsec_…, with format = "standard".',
      ),
  })
  .superRefine(isOneWay, always);

export function notifySchema() {
  return z
    .array(writtenTarget)
    .max(MOST_TARGETS, `must have at most ${MOST_TARGETS} targets`)
    .default([])
    .superRefine(namesAreUnique("another target already has this name"), always)
    .describe("Whom agentd tells of what: one [[notify]] for each.");
}

/** From what was written, which has passed the rules. */
export function toTarget(written: z.output<typeof writtenTarget>): NotifyTarget {
  const { name, on, profiles, after, remind } = written;
  const remindMs = graceMs(remind) ?? 0;
  return {
    ...{ name, profiles, after, remindMs: remindMs === 0 ? undefined : remindMs },
    on: on ?? NOTICE_KINDS,
    via: viaOf(written),
  };
}

/** Names of profiles are those of the file; a glob may be there for profiles to come. */
export function notifiedProfilesAreKnown(document: unknown, context: Context): void {
  if (!isTable(document) || !Array.isArray(document["notify"])) return;
  const names = textsOf(document["profiles"], "name").filter((name) => name !== undefined);
  for (const [index, target] of document["notify"].entries()) {
    const patterns: unknown = isTable(target) ? target["profiles"] : undefined;
    if (!Array.isArray(patterns)) continue;
    for (const [at, pattern] of patterns.entries()) {
      if (typeof pattern !== "string" || /[*?]/.test(pattern) || names.includes(pattern)) continue;
      const path = ["notify", index, "profiles", at];
      const message = `must be a profile or a glob; declared are ${names.map((name) => JSON.stringify(name)).join(", ")}`;
      context.addIssue({ code: "custom", path, message });
    }
  }
}

function viaOf({
  command,
  url_source: urlSource,
  format,
  secret_source: secretSource,
}: z.output<typeof writtenTarget>): NotifyVia {
  if (urlSource === undefined) return { kind: "command", command: command ?? [] };
  return { kind: "url", urlSource, format: format ?? "standard", secretSource };
}

/** A command, or an address with what belongs to it. */
function isOneWay(target: unknown, context: Context): void {
  if (!isTable(target)) return;
  const issue = (message: string, ...path: string[]): void =>
    context.addIssue({ code: "custom", path, message });
  const has = (key: string): boolean => target[key] !== undefined;
  if (has("command") === has("url_source")) {
    issue(has("command") ? "must not have command and url_source" : "must have command or url_source");
  }
  if (has("format") && !has("url_source")) issue("needs url_source", "format");
  const format = has("format") ? target["format"] : "standard";
  if (has("secret_source") && (!has("url_source") || format !== "standard"))
    issue('needs url_source and format = "standard"', "secret_source");
  if (format !== "ping") return;
  if (has("on")) issue('has no meaning with format = "ping", which hears of every session', "on");
}

function programFault([program]: readonly string[]): string | undefined {
  if (program === undefined || (program !== "" && !program.startsWith("-"))) return undefined;
  return "must begin with a program: not empty and not an option";
}
