/** Reads a TOML file: bytes to a plain document, with errors that name file, line and column. */
import { isUtf8 } from "node:buffer";
import { readFileSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { AgentdError, systemCode } from "../errors.ts";

/** A TOML file that was read and parsed, not yet validated. */
export interface TomlFile {
  readonly path: string;
  readonly source: string;
  readonly document: Record<string, unknown>;
}

/**
 * The text of a configuration file, without a byte order mark.
 *
 * @throws AgentdError `config_not_found`, `config_unreadable`, or `config_syntax` when it is not UTF-8.
 */
export async function readConfigText(path: string): Promise<string> {
  const bytes = await readFile(path).catch((error: unknown) => {
    throw unreadable(path, error);
  });
  return textOf(path, bytes);
}

/**
 * The same at once, for a command that waits for it: a thread takes longer to start than a small file to be read. Not for a
 * daemon with sessions, which a file that is a FIFO would stop.
 *
 * @throws as `readConfigText`.
 */
export function readConfigTextNow(path: string): string {
  let bytes;
  try {
    bytes = readFileSync(path);
  } catch (error) {
    throw unreadable(path, error);
  }
  return textOf(path, bytes);
}

function textOf(path: string, bytes: Buffer): string {
  // A TextDecoder would do the same, and takes 1 ms to make.
  if (isUtf8(bytes)) return bytes.toString().replace(/^\uFEFF/, "");
  throw new AgentdError("config_syntax", {
    tried: `read the configuration ${path}`,
    why: "it is not valid UTF-8",
    next: "Save the file as UTF-8.",
  });
}

/**
 * Parses the text of a configuration file.
 *
 * @throws AgentdError `config_syntax`, with line and column from 1.
 */
export async function parseToml(path: string, source: string): Promise<TomlFile> {
  const { default: toml } = await import("@iarna/toml");
  try {
    return { path, source, document: toml.parse(source) };
  } catch (cause) {
    throw syntaxError(path, cause);
  }
}

function syntaxError(path: string, cause: unknown): AgentdError {
  const { line, col, message } = cause as { line?: number; col?: number; message: string };
  // The parser appends the position and an excerpt to its message; the excerpt may hold a secret.
  const text = (message.split("\n")[0] ?? "").replace(/ at row \d+, col \d+, pos \d+:?$/, "");
  const what = text === "Can't redefine existing key" ? "this key or table is declared a second time" : text;
  // Counted from 0, except that columns of the first line are counted from 1.
  const place = line === undefined || col === undefined ? undefined : [line + 1, line === 0 ? col : col + 1];
  return new AgentdError("config_syntax", {
    tried: `read the configuration ${path}`,
    why: `${[path, ...(place ?? [])].join(":")}: ${what}`,
    next: "Correct the TOML there and try again.",
    details: { file: path, line: place?.[0] ?? null, column: place?.[1] ?? null },
  });
}

function unreadable(path: string, cause: unknown): AgentdError {
  const code = systemCode(cause);
  if (code === "ENOENT" || code === "ENOTDIR") {
    return new AgentdError("config_not_found", {
      tried: `read the configuration ${path}`,
      why: "there is no such file",
      next: "Create it from examples/agentd.toml, or name another one with --config.",
      cause,
    });
  }
  const why = code === "EISDIR" ? "it is a directory" : code === "EACCES" ? "permission denied" : code;
  return new AgentdError("config_unreadable", {
    tried: `read the configuration ${path}`,
    why: why ?? String(cause),
    next: "Make it a file that the user running agentd may read.",
    cause,
  });
}
