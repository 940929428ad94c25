/** The methods `log` and `file`: a session's output and files, for readers that cannot see the record. */
import { closeSync, read } from "node:fs";
import type { FileHandle } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import type { Handlers } from "../api/handlers.ts";
import { openEntry } from "../audit/read/record-entry.ts";
import { AgentdError, systemCode } from "../errors.ts";
import type { Fingerprints } from "../redaction/fingerprints.ts";
import { LogIndex } from "../redaction/log-index.ts";
import { readLines } from "../redaction/log-lines.ts";
import { isShownAsIs } from "../redaction/shown-as-is.ts";
import { openRegularFile } from "../regular-file.ts";
import type { SessionView } from "../session-document.ts";
import type { SessionDirectory } from "./session-directory.ts";
import type { SessionRedaction } from "./session-redaction.ts";

/** Logs whose lines are known at once; one of 200 MB takes 80 KiB. */
const MOST_INDEXES = 32;
const CONSOLE_LOG = "agentd/console.log";
/** The work of a session, where a value of its credentials may have got into a commit. */
const WORK = "work/";
const JOURNAL = "agentd/events.jsonl";

const readPiece = promisify(read);

export interface RecordReadingOptions {
  readonly sessions: Pick<SessionDirectory, "resolve" | "view">;
  readonly redaction: Pick<SessionRedaction, "fingerprints">;
}

export function recordReading({ sessions, redaction }: RecordReadingOptions): Pick<Handlers, "log" | "file"> {
  /** By session; the one that was used last is the last. */
  const indexes = new Map<string, LogIndex>();
  const indexOf = (id: string): LogIndex => {
    const index = indexes.get(id) ?? new LogIndex();
    indexes.delete(id);
    indexes.set(id, index);
    for (const oldest of indexes.keys()) if (indexes.size > MOST_INDEXES) indexes.delete(oldest);
    return index;
  };
  return {
    log: async ({ session, from, count }) => {
      const view = await sessions.view(await sessions.resolve(session));
      const { session_id: id, record, outcome } = view;
      const answer = { session_id: id, lines: [], total: 0, bytes: 0, complete: outcome !== null };
      const fingerprints = await fingerprintsOf(view, redaction);
      const file = await openLog(join(record, CONSOLE_LOG));
      if (file === undefined) return answer;
      try {
        const index = indexOf(id);
        await index.update(file);
        const first = from < 0 ? Math.max(0, index.lines + from) : Math.max(0, from - 1);
        const lines = await readLines(file, index, { from: first, count, fingerprints });
        return {
          ...answer,
          lines: lines.map(({ line, goesOn, ...rest }) => ({ line: line + 1, ...rest, goes_on: goesOn })),
          total: index.lines,
          bytes: index.bytes,
        };
      } finally {
        await file.close();
      }
    },
    file: async ({ session, path, offset, limit }) => {
      const view = await sessions.view(await sessions.resolve(session));
      const tried = `read ${JSON.stringify(path)} of session ${view.session_id}`;
      requireReadable(view, path, tried);
      const found = openEntry(view.record, namesOf(path, tried), tried);
      try {
        if (!found.entry.stats.isFile()) throw unreadable(tried, "it is not a regular file");
        const descriptor = found.entry.openContent();
        try {
          const { buffer, bytesRead } = await readPiece(descriptor, Buffer.alloc(limit), 0, limit, offset);
          const data = buffer.toString("base64", 0, bytesRead);
          return { session_id: view.session_id, bytes: found.entry.stats.size, data };
        } finally {
          closeSync(descriptor);
        }
      } finally {
        found.entry[Symbol.dispose]();
      }
    },
  };
}

/** Undefined before the container has been started. */
async function openLog(path: string): Promise<FileHandle | undefined> {
  try {
    return await openRegularFile(path);
  } catch (error) {
    if (systemCode(error) === "ENOENT") return undefined;
    throw error;
  }
}

/** What finds the values in a log; undefined where they are replaced in it, or there were none. */
async function fingerprintsOf(
  view: SessionView,
  redaction: RecordReadingOptions["redaction"],
): Promise<Fingerprints | undefined> {
  const { session_id: id, start_timestamp: start } = view;
  const found = await redaction.fingerprints(id);
  if (found !== undefined || isShownAsIs(view) || start === null) return found;
  throw hidden(`show the output of session ${id}`);
}

/** A record that has values is not given to readers elsewhere. */
function requireReadable(view: SessionView, path: string, tried: string): void {
  // Its journal says from the beginning what happens to it.
  if (view.outcome === null && path !== JOURNAL) {
    throw new AgentdError("record_incomplete", {
      tried,
      why: "the session has not ended",
      next: "Wait for it with `agentd wait`; its output is there already.",
    });
  }
  const hasValues =
    path === CONSOLE_LOG ? !isShownAsIs(view) : path.startsWith(WORK) && view.credentials_in_work.length > 0;
  if (hasValues) throw hidden(tried);
}

function hidden(tried: string): AgentdError {
  return new AgentdError("redaction_unavailable", {
    tried,
    why: "values of credentials are in it, and what finds them is gone or the profile leaves them",
    next: "Read it on the daemon's host, with `agentd logs --raw`.",
  });
}

function namesOf(path: string, tried: string): string[] {
  const names = path.split("/");
  if (names.some((name) => name === "" || name === "." || name === "..")) {
    throw unreadable(tried, "the path is not one from the record's directory");
  }
  return names;
}

function unreadable(tried: string, why: string): AgentdError {
  return new AgentdError("copy_failed", { tried, why, next: "`SHA256SUMS` of the record lists its files." });
}
