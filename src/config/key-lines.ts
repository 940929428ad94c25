/**
 * Finds the line of a key in a TOML source that has already been parsed without error.
 *
 * The parser keeps no positions, so this follows tables and keys by itself, as far as an error message needs it:
 * the values inside an array or an inline table are found at the line of its key.
 */

/** A path through the document: keys, and indexes into arrays. */
export type KeyPath = readonly (string | number)[];

/** A path as an operator reads it: `profiles[1].credentials[0].name`. */
export function formatKeyPath(path: KeyPath): string {
  return path
    .map((part, index) => {
      if (typeof part === "number") return `[${part}]`;
      const key = /^[A-Za-z0-9_-]+$/.test(part) ? part : JSON.stringify(part);
      return index === 0 ? key : `.${key}`;
    })
    .join("");
}

/** A function that gives the line (from 1) of a path or of the nearest thing around it; undefined if there is none. */
export function keyLines(source: string): (path: KeyPath) => number | undefined {
  const lines = readLines(source);
  return (path) => {
    for (let length = path.length; length > 0; length -= 1) {
      const line = lines.get(formatKeyPath(path.slice(0, length)));
      if (line !== undefined) return line;
    }
    return undefined;
  };
}

const KEY = String.raw`(?:[A-Za-z0-9_-]+|"(?:\\.|[^"\\\n])*"|'[^'\n]*')`;
const KEYS = String.raw`${KEY}(?:[ \t]*\.[ \t]*${KEY})*`;
const HEADER = new RegExp(String.raw`(?<open>\[\[?)[ \t]*(?<keys>${KEYS})[ \t]*\]\]?`, "y");
const ASSIGNMENT = new RegExp(String.raw`(?<keys>${KEYS})[ \t]*=`, "y");
const TOKEN =
  /#[^\n]*|"""(?:\\[^]|[^\\])*?"{3,5}|'''[^]*?'{3,5}|"(?:\\.|[^"\\\n])*"|'[^'\n]*'|[[\]{}]|\n|[^\s[\]{}#"']+|[^\S\n]+/gy;

function readLines(source: string): Map<string, number> {
  const lines = new Map<string, number>();
  const lengths = new Map<string, number>();
  let table: KeyPath = [];
  let line = 1;
  let depth = 0;
  let atStatement = true;

  for (let position = 0; position < source.length;) {
    const header = atStatement ? match(HEADER, source, position) : undefined;
    const statement = header ?? (atStatement ? match(ASSIGNMENT, source, position) : undefined);
    if (statement !== undefined) {
      const keys = splitKeys(statement.groups?.["keys"] ?? "");
      if (header !== undefined) table = enterTable(keys, header.groups?.["open"] === "[[", lengths);
      note(lines, header === undefined ? table : [], header === undefined ? keys : table, line);
      atStatement = false;
      position += statement[0].length;
      continue;
    }
    const token = match(TOKEN, source, position)?.[0] ?? source.charAt(position);
    if (token === "[" || token === "{") depth += 1;
    if (token === "]" || token === "}") depth -= 1;
    if (token === "\n" && depth === 0) atStatement = true;
    line += token.split("\n").length - 1;
    position += token.length;
  }
  return lines;
}

function match(pattern: RegExp, source: string, position: number): RegExpExecArray | undefined {
  pattern.lastIndex = position;
  return pattern.exec(source) ?? undefined;
}

/** A quoted key with escapes is left as it is: what it holds is then found at the line of its table. */
function splitKeys(keys: string): string[] {
  return [...keys.matchAll(new RegExp(KEY, "g"))].map(([key]) =>
    /^["']/.test(key) ? key.slice(1, -1) : key,
  );
}

/** The path of a table header, with the index of every array of tables on the way. */
function enterTable(keys: readonly string[], isElement: boolean, lengths: Map<string, number>): KeyPath {
  const path: (string | number)[] = [];
  for (const [index, key] of keys.entries()) {
    path.push(key);
    const name = formatKeyPath(path);
    const length = lengths.get(name);
    if (isElement && index === keys.length - 1) {
      lengths.set(name, (length ?? 0) + 1);
      path.push(length ?? 0);
    } else if (length !== undefined) {
      path.push(length - 1);
    }
  }
  return path;
}

/** Notes the line of a path and of the tables that it opens on its way, where they have none yet. */
function note(lines: Map<string, number>, table: KeyPath, keys: KeyPath, line: number): void {
  for (let length = 1; length <= keys.length; length += 1) {
    const name = formatKeyPath([...table, ...keys.slice(0, length)]);
    if (!lines.has(name)) lines.set(name, line);
  }
}
