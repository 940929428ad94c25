/**
 * `--format`, as users of podman and docker type it: a text with fields in it, such as `{{.session_id}} {{.outcome}}`.
 *
 * A field is named as in the JSON; `{{.SessionId}}` and `{{.llm.usd}}` are names too, and `{{json .warnings}}` is the
 * field as JSON. `{{.}}` is the whole. A template that begins with `table` puts the fields under headers.
 */
import { AgentdError } from "../../errors.ts";
import { printable, printableJson } from "../terminal/printable.ts";
import { renderTable, type TableSpace } from "../terminal/table.ts";

/** What a session has in other programs: the field that it is here, or the first of these that is not null. */
const OTHER_NAMES: Readonly<Record<string, readonly string[]>> = {
  id: ["session_id"],
  name: ["profile"],
  names: ["profile"],
  status: ["outcome", "state"],
  createdat: ["queued_timestamp"],
  created: ["queued_timestamp"],
  startedat: ["start_timestamp"],
  exitedat: ["end_timestamp"],
  finishedat: ["end_timestamp"],
  exited: ["exit_code"],
  repository: ["repo_url"],
};

const PLACE = /\{\{(-?)\s*(?:(json)\s+)?\.([\w.]*)\s*(-?)\}\}/g;
const ESCAPES: Readonly<Record<string, string>> = { "\\t": "\t", "\\n": "\n", "\\\\": "\\" };

type Document = Readonly<Record<string, unknown>>;

interface Place {
  readonly isJson: boolean;
  /** Names of fields, from the outside in; none is the whole document. */
  readonly path: readonly string[];
}

/** Text and fields by turns. */
type Part = string | Place;

export interface Template {
  readonly parts: readonly Part[];
  readonly isTable: boolean;
}

/** @throws AgentdError `usage` when it is no template. */
export function readTemplate(text: string): Template {
  const [, isTable, body = text] = /^(table\s+)(.*)$/s.exec(text) ?? [];
  const parts: Part[] = [];
  let end = 0;
  for (const match of body.matchAll(PLACE)) {
    parts.push(literal(body.slice(end, match.index), text));
    parts.push({ isJson: match[2] !== undefined, path: (match[3] ?? "").split(".").filter(Boolean) });
    end = match.index + match[0].length;
  }
  parts.push(literal(body.slice(end), text));
  if (parts.length === 1) throw invalid(text, "it names no field");
  return { parts, isTable: isTable !== undefined };
}

/**
 * One line for each document, or a table of them. Lines are printable; what a template says itself stays as it is.
 *
 * @throws AgentdError `usage` when a document has no such field.
 */
export function fillTemplate(
  { parts, isTable }: Template,
  documents: readonly Document[],
  space: TableSpace,
): string[] {
  if (!isTable) return documents.map((document) => parts.map((part) => textOf(part, document)).join(""));
  const columns = parts.filter((part) => typeof part !== "string");
  const headers = columns.map(({ path }) => (path.at(-1) ?? "").replaceAll("_", " ").toUpperCase());
  const rows = documents.map((document) => columns.map((column) => textOf(column, document)));
  return [renderTable(headers, rows, space)];
}

function textOf(part: Part, document: Document): string {
  if (typeof part === "string") return part;
  const { isJson, path } = part;
  let value: unknown = document;
  for (const name of path) {
    // What does not apply has no fields either.
    if (value === null) break;
    value = fieldOf(value, name);
  }
  if (isJson || (typeof value === "object" && value !== null)) return printableJson(value);
  return typeof value === "string" ? printable(value) : value === null ? "" : printableJson(value);
}

function fieldOf(value: unknown, name: string): unknown {
  if (typeof value !== "object" || value === null) throw unknown(name, []);
  const names = Object.keys(value);
  const plain = plainOf(name);
  const own = names.filter((each) => plainOf(each) === plain);
  const found = own.length > 0 ? own : (OTHER_NAMES[plain] ?? []).filter((each) => names.includes(each));
  if (found.length === 0) throw unknown(name, names);
  return found.map((each) => (value as Document)[each]).find((each) => each !== null) ?? null;
}

/** `SessionId`, `session_id` and `SessionID` are the same. */
function plainOf(name: string): string {
  return name.replaceAll("_", "").toLowerCase();
}

function literal(text: string, template: string): string {
  if (text.includes("{{") || text.includes("}}"))
    throw invalid(template, "only fields are known, such as {{.session_id}} and {{json .warnings}}");
  return text.replace(/\\[tn\\]/g, (escape) => ESCAPES[escape] ?? escape);
}

function invalid(template: string, why: string): AgentdError {
  return new AgentdError("usage", { tried: `use ${JSON.stringify(template)} for --format`, why });
}

function unknown(name: string, names: readonly string[]): AgentdError {
  return new AgentdError("usage", {
    tried: "fill the template of --format",
    why: `there is no field ${JSON.stringify(name)}`,
    next: names.length === 0 ? undefined : `Fields: ${names.join(", ")}.`,
  });
}
