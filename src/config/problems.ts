/** Turns the schema's issues into problems that an operator can act on. */
import { closest } from "fastest-levenshtein";
import * as z from "zod";
import { redactRepository } from "../workspace/repository-url.ts";
import { formatKeyPath, type KeyPath } from "./key-lines.ts";

/** One thing that is wrong with a configuration. */
export interface Problem {
  /** Where: `profiles[1].credentials[0].name`. */
  readonly path: string;
  /** The value as a text, shortened; "(not shown)" for a secret's place, undefined where there is no value. */
  readonly value?: string | undefined;
  /** The rule that is broken, without a full stop. */
  readonly rule: string;
  /** Line in the file, from 1; undefined where it is not known. */
  readonly line?: number | undefined;
  /** Name of the profile that the problem is in; undefined outside of profiles and where it has none. */
  readonly profile?: string | undefined;
}

type Issue = z.core.$ZodIssue;

const SHOWN_CHARACTERS = 60;

/**
 * The problems behind the schema's issues, in the order of the file.
 *
 * @param lineOf gives the line of a path.
 */
export function problemsOf(
  schema: z.ZodType,
  document: unknown,
  issues: readonly Issue[],
  lineOf: (path: KeyPath) => number | undefined,
): Problem[] {
  return issues
    .flatMap((issue) => expandUnknownKeys(schema, issue))
    .map(({ path, rule }): Problem => {
      const profile = valueAt(document, [...path.slice(0, 2), "name"]);
      return {
        path: path.length === 0 ? "the file" : formatKeyPath(path),
        value: shownValue(schema, document, path),
        rule,
        line: lineOf(path),
        profile: path[0] === "profiles" && typeof profile === "string" ? profile : undefined,
      };
    })
    .sort((a, b) => (a.line ?? 0) - (b.line ?? 0));
}

/** All problems as indented lines, each with its place, its value and the rule. */
export function layOut(file: string, problems: readonly Problem[]): string {
  return problems
    .map(({ path, value, rule, line, profile }) => {
      const place = line === undefined ? file : `${file}:${line}`;
      const owner = profile === undefined ? "" : ` (profile ${JSON.stringify(profile)})`;
      const given = value === undefined ? "" : `${value}: `;
      return `\n  ${place}: ${path}${owner}\n    ${given}${rule}`;
    })
    .join("");
}

/** Where and what of an issue; the schema reports all unknown keys of a table as one. */
function expandUnknownKeys(schema: z.ZodType, issue: Issue): { path: KeyPath; rule: string }[] {
  const path = issue.path.map((part) => (typeof part === "symbol" ? String(part) : part));
  if (issue.code !== "unrecognized_keys") return [{ path, rule: ruleOf(issue) }];
  const known = knownKeys(schema, path);
  return issue.keys.map((key) => ({ path: [...path, key], rule: unknownKeyRule(key, known) }));
}

/** The rule that an issue is about, as a sentence without a full stop. */
export function ruleOf(issue: Issue): string {
  // What is wrong with the name of a table's key.
  if (issue.code === "invalid_key") return issue.issues.map(({ message }) => message).join("; ");
  return issue.message;
}

function unknownKeyRule(key: string, known: readonly string[]): string {
  return `unknown key; did you mean ${JSON.stringify(closest(key, known))}?`;
}

/** zod's own rules, in our words. */
export const rulesInWords: z.core.$ZodErrorMap = (issue) => {
  if (issue.code === "invalid_type") {
    return issue.input === undefined
      ? "is required"
      : `must be ${TYPE_IN_WORDS[issue.expected] ?? issue.expected}`;
  }
  if (issue.code === "invalid_union" && issue.input === undefined) return "is required";
  if (issue.code === "invalid_value") {
    return `must be one of ${issue.values.map((value) => JSON.stringify(value)).join(", ")}`;
  }
  return undefined;
};

const TYPE_IN_WORDS: Readonly<Record<string, string>> = {
  string: "a string",
  boolean: "true or false",
  array: "an array; tables in it are written [[name]]",
  object: "a table",
  record: "a table",
};

/** The keys that the schema knows at a path; empty where no table is expected. */
function knownKeys(schema: z.ZodType, path: KeyPath): string[] {
  const table = schemaAt(schema, path);
  return table instanceof z.ZodObject ? Object.keys(table.shape) : [];
}

/** What the schema expects at a path; undefined for a key that it does not know. */
function schemaAt(schema: unknown, path: KeyPath): unknown {
  const current = unwrap(schema);
  const [part, ...rest] = path;
  if (part === undefined) return current;
  if (current instanceof z.ZodArray) return schemaAt(current.element, rest);
  if (current instanceof z.ZodRecord) return schemaAt(current.valueType, rest);
  if (!(current instanceof z.ZodObject) || !Object.hasOwn(current.shape, part)) return undefined;
  return schemaAt(current.shape[part], rest);
}

function unwrap(schema: unknown): unknown {
  if (schema instanceof z.ZodOptional || schema instanceof z.ZodDefault || schema instanceof z.ZodPrefault) {
    return unwrap(schema.unwrap());
  }
  if (schema instanceof z.ZodPipe) return unwrap(schema.out);
  // A table, or a short form of it.
  if (schema instanceof z.ZodUnion)
    return schema.options.find((each) => each instanceof z.ZodObject) ?? schema;
  return schema;
}

/** The value at a path as it may go into a log: what the schema conceals or does not know may be a secret. */
function shownValue(schema: z.ZodType, document: unknown, path: KeyPath): string | undefined {
  const expected = schemaAt(schema, path);
  const value = valueAt(document, path);
  if (value === undefined || !(expected instanceof z.ZodType)) return undefined;
  if (expected.meta()?.["concealed"] === true) return "(not shown)";
  if (typeof value === "string")
    return shorten(JSON.stringify(path.at(-1) === "repo" ? redactRepository(value) : value));
  if (Array.isArray(value)) return value.length === 0 ? "[]" : "an array";
  if (value instanceof Date) return "a date";
  return typeof value === "object" ? "a table" : `${value as number | bigint | boolean}`;
}

function shorten(text: string): string {
  return text.length <= SHOWN_CHARACTERS ? text : `${text.slice(0, SHOWN_CHARACTERS)}...`;
}

function valueAt(document: unknown, path: KeyPath): unknown {
  let current = document;
  for (const part of path) {
    if (typeof current !== "object" || current === null || !Object.hasOwn(current, part)) return undefined;
    current = (current as Record<string | number, unknown>)[part];
  }
  return current;
}
