/** The work that a session has left in its record, for the commands that show it or bring it into a checkout. */
import type { FileHandle } from "node:fs/promises";
import { join } from "node:path";
import type { RecordPlace } from "../../audit/read/query.ts";
import { AgentdError, sentence, systemCode } from "../../errors.ts";
import { openRegularFile, readRegularFile } from "../../regular-file.ts";
import type { SessionDocument } from "../../session-document.ts";
import { BUNDLE_FILE, PATCH_FILE, SUMMARY_FILE, type WorkSummary } from "../../work/summary.ts";
import { type LocalContext, say } from "../frame/context.ts";
import { recordOf } from "../frame/record-argument.ts";
import type { NamedSession } from "../frame/session-argument.ts";
import { printable } from "../terminal/printable.ts";
import { countText } from "../words/size-text.ts";

/** The files of `work/` in a sealed record, unchanged since they were sealed. */
export interface SessionWork {
  readonly id: string;
  readonly document: SessionDocument;
  readonly summary: WorkSummary;
  /** Path of the patch, which is not there where the files were not exported. */
  readonly patch: string;
  /** Path of the bundle, which is not there where the session made no commits or they were not exported. */
  readonly bundle: string;
  /** Path of the summary. */
  readonly summaryFile: string;
  /** What the operator has to know about it, in sentences: an unknown key of the signature, what the export left out. */
  readonly notices: readonly string[];
}

/** The largest summary that is read: it lists a thousand commits and ten thousand refs at most. */
const MOST_SUMMARY_BYTES = 64 * 1024 * 1024;

/**
 * Finds the work of a session and verifies it against the record's seal. Tells its notices on standard error.
 *
 * @param doing what for, as for `findSessionWork`.
 * @throws AgentdError as `findSessionWork`.
 */
export async function readSessionWork(
  named: NamedSession,
  doing: string,
  context: LocalContext,
): Promise<SessionWork> {
  const work = await findSessionWork(named, doing, context);
  for (const notice of work.notices) await say(context, notice);
  return work;
}

/**
 * Finds the work of a session and verifies it against the record's seal; tells nothing.
 *
 * @param doing what for, as a phrase after "cannot" that the session's id follows: `show the changes of`.
 * @throws AgentdError `unknown_session`, `ambiguous_session`, `record_unusable`, `record_incomplete`, `record_altered`,
 *   or `work_missing` when there is none, or not yet.
 */
export async function findSessionWork(
  named: NamedSession,
  doing: string,
  context: LocalContext,
): Promise<SessionWork> {
  const [{ readDocument }, { WORK }] = await Promise.all([
    import("../../audit/read/query.ts"),
    import("../../audit/format/record-layout.ts"),
  ]);
  const place = await recordOf(named, context);
  const tried = `${doing} session ${place.id}`;
  const notices = await requireUnchanged(place, WORK, tried, context);
  const document = await readDocument(place.directory);
  const directory = join(place.directory, WORK);
  const summary = await readSummary(join(directory, SUMMARY_FILE), document, tried);
  notices.push(...leftOutNotices(summary, place.id));
  return { id: place.id, document, summary, ...workFiles(directory), notices };
}

/** What to say of work that could not be recorded; empty where all is there. */
export function leftOutNotices({ left_out_count: leftOut }: WorkSummary, sessionId: string): string[] {
  if (leftOut === 0) return [];
  const reader = `agentd diff --json ${sessionId}`;
  return [`${countText(leftOut, "thing")} of the work could not be recorded; see \`${reader}\``];
}

/** Paths of the files in a directory with the work of a session. */
export function workFiles(directory: string): Pick<SessionWork, "patch" | "bundle" | "summaryFile"> {
  return {
    patch: join(directory, PATCH_FILE),
    bundle: join(directory, BUNDLE_FILE),
    summaryFile: join(directory, SUMMARY_FILE),
  };
}

/**
 * Opens the patch of a session; undefined when it has changed nothing. The caller closes it.
 *
 * @param tried what for, as a phrase after "cannot".
 * @throws AgentdError `work_missing` when the session's files were not exported.
 */
export async function openPatch(work: SessionWork, tried: string): Promise<FileHandle | undefined> {
  const handle = await openIfThere(work.patch);
  if (handle === undefined) throw notExported(work, "files", tried);
  if ((await handle.stat()).size > 0) return handle;
  await handle.close();
  return undefined;
}

/**
 * Whether the session has a bundle of commits.
 *
 * @param tried what for, as a phrase after "cannot".
 * @throws AgentdError `work_missing` when its commits were not exported.
 */
export async function hasBundle(work: SessionWork, tried: string): Promise<boolean> {
  const handle = await openIfThere(work.bundle);
  await handle?.close();
  if (handle === undefined && work.summary.commit_count === null) throw notExported(work, "commits", tried);
  return handle !== undefined;
}

async function requireUnchanged(
  place: RecordPlace,
  part: string,
  tried: string,
  context: LocalContext,
): Promise<string[]> {
  const [{ verifyRecord }, { readEvidence }] = await Promise.all([
    import("../../audit/verify/verify.ts"),
    import("../../audit/chain/evidence.ts"),
  ]);
  const evidence = readEvidence(context.stateDirectory);
  const { status, problems } = await verifyRecord(place, evidence, part);
  const why = problems.map(({ path, problem }) => `${path}: ${problem}`).join("; ");
  switch (status) {
    case "verified":
      return [];
    case "unknown_key":
      return [`the record's signature cannot be checked: ${printable(why)}`];
    case "incomplete":
      if (!evidence.isOpen(place.id)) {
        const next = `See what happened with \`agentd show ${place.id}\`.`;
        throw new AgentdError("record_incomplete", { tried, why, next });
      }
      throw new AgentdError("work_missing", {
        tried,
        why: "the session has not ended, and its work is recorded at its end",
        next: `Wait for it with \`agentd wait ${place.id}\`.`,
      });
    case "altered": {
      const next = `Do not use it. List all that was changed with \`agentd audit verify ${place.id}\`.`;
      throw new AgentdError("record_altered", { tried, why, next });
    }
  }
}

/** Reads the summary. @throws AgentdError `work_missing`, `record_unusable`. */
export async function readSummary(
  path: string,
  document: SessionDocument,
  tried: string,
): Promise<WorkSummary> {
  try {
    const text = (await readRegularFile(path, MOST_SUMMARY_BYTES)).toString("utf8");
    return JSON.parse(text) as WorkSummary;
  } catch (cause) {
    if (systemCode(cause) === "ENOENT") throw workMissing(document, tried);
    throw new AgentdError("record_unusable", {
      tried: `read ${path}`,
      why: sentence(cause),
      next: "It is as it was sealed: read it with a later version of agentd.",
      cause,
    });
  }
}

/** Why a session has no work. */
export function workMissing(document: SessionDocument, tried: string): AgentdError {
  const { session_id: id, commit, outcome } = document;
  return new AgentdError("work_missing", {
    tried,
    why:
      commit === null
        ? `the session had no clone of a repository (${outcome ?? "it has not ended"})`
        : "its record has no directory `work`: agentd could not write it, or the record is older than it",
    next: `The reason may be among the warnings of \`agentd show ${id}\`.`,
  });
}

function notExported({ id, summary }: SessionWork, part: "files" | "commits", tried: string): AgentdError {
  const reason = summary.left_out.find(({ what }) => what === part)?.why;
  return new AgentdError("work_missing", {
    tried,
    why: `its ${part === "files" ? "changed files" : "commits"} were not recorded: ${reason ?? "for no known reason"}`,
    next:
      part === "files"
        ? `Its commits may be there: \`agentd apply ${id}\`.`
        : `Its changes may be there as a patch: \`agentd diff ${id}\`.`,
  });
}

async function openIfThere(path: string): Promise<FileHandle | undefined> {
  try {
    return await openRegularFile(path);
  } catch (error) {
    if (systemCode(error) === "ENOENT") return undefined;
    throw error;
  }
}
