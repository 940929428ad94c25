/** The argument SESSION:PATH of `agentd cp`. */
import { AgentdError } from "../../errors.ts";
import type { NamedSession } from "../frame/session-argument.ts";

export interface RecordPath {
  readonly session: NamedSession;
  /** The names on the way; none: the whole record. */
  readonly names: readonly string[];
  /** Whether what is in the directory is meant and not the directory: the path ends with `/.`. */
  readonly isContent: boolean;
}

const FORM = "Write SESSION:PATH, with a path in the record such as work/changes.patch or runa.";

/**
 * Reads the argument.
 *
 * @param latest whether the newest session is meant: then the argument is a path alone.
 * @throws AgentdError `usage`.
 */
export function readRecordPath(text: string, latest: boolean): RecordPath {
  const colon = text.indexOf(":");
  if (latest) return { session: undefined, ...readPath(text, text.replace(/^:/, "")) };
  if (colon < 1)
    throw wrong(text, colon === 0 ? "it names no session" : "it has no colon between session and path");
  return { session: text.slice(0, colon), ...readPath(text, text.slice(colon + 1)) };
}

function readPath(text: string, path: string): Omit<RecordPath, "session"> {
  if (path.startsWith("/")) throw wrong(text, "the path is absolute");
  const parts = path.split("/");
  if (parts.includes("..")) throw wrong(text, "the path has `..` in it");
  return {
    names: parts.filter((part) => part !== "" && part !== "."),
    isContent: parts.at(-1) === ".",
  };
}

function wrong(text: string, why: string): AgentdError {
  return new AgentdError("usage", { tried: `use ${JSON.stringify(text)}`, why, next: FORM });
}
