/**
 * Paths as bytes: Linux allows any byte but `/` and NUL in a name, and what an agent wrote is sealed under its true name.
 */
import { readdirSync } from "node:fs";

declare const bytes: unique symbol;

/** A path or name with one character (U+0000 to U+00FF) for each byte, so its order as text is its order as bytes. */
export type BytePath = string & { readonly [bytes]: true };

/** The bytes of a path that agentd made itself. */
export function bytePath(text: string): BytePath {
  return latin1Path(Buffer.from(text, "utf8"));
}

/** A path that came as bytes. */
export function latin1Path(content: Buffer): BytePath {
  return content.toString("latin1") as BytePath;
}

/** The form of a path that Node's file functions take without changing its bytes. */
export function fsPath(path: BytePath): Buffer {
  return Buffer.from(path, "latin1");
}

export function joinBytes(directory: BytePath, name: BytePath): BytePath {
  return `${directory}/${name}` as BytePath;
}

/** The path of the directory that a relative path is in; empty for the directory that it starts from. */
export function parentOf(path: BytePath): BytePath {
  return path.slice(0, Math.max(0, path.lastIndexOf("/"))) as BytePath;
}

/** The names in a directory, sorted by their bytes. */
export function listNames(directory: BytePath): BytePath[] {
  const names = readdirSync(fsPath(directory), { encoding: "latin1" });
  return names.sort() as BytePath[];
}

/** Runs of printable UTF-8 without the backslash, or one byte that is none. */
const PRINTABLE_OR_BYTE =
  /((?:[ -[\]-~]|\xc2[\xa0-\xbf]|[\xc3-\xdf][\x80-\xbf]|\xe0[\xa0-\xbf][\x80-\xbf]|[\xe1-\xec\xee\xef][\x80-\xbf]{2}|\xed[\x80-\x9f][\x80-\xbf]|\xf0[\x90-\xbf][\x80-\xbf]{2}|[\xf1-\xf3][\x80-\xbf]{3}|\xf4[\x80-\x8f][\x80-\xbf]{2})+)|[^]/g;

/**
 * A path as text for people and JSON. Control characters, the backslash and bytes that are not UTF-8 are shown as
 * `\xNN`, so that two different paths never look the same.
 */
export function shownPath(path: BytePath): string {
  return path.replace(PRINTABLE_OR_BYTE, (part: string, printable: string | undefined) =>
    printable === undefined
      ? `\\x${part.charCodeAt(0).toString(16).padStart(2, "0")}`
      : Buffer.from(printable, "latin1").toString("utf8"),
  );
}
