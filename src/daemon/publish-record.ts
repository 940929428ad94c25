/**
 * Publishes the work of a sealed record, as often as an operator asks for it. What came of it is a note about the record.
 */
import { createHash } from "node:crypto";
import { hostname } from "node:os";
import { readEvidence } from "../audit/chain/evidence.ts";
import type { Note } from "../audit/format/note.ts";
import { evidencePaths } from "../audit/keys/evidence-paths.ts";
import { addNote, type NotedRecord } from "../audit/seal/add-note.ts";
import { resolveToken, type VariableSource } from "../credentials/resolve.ts";
import type { Environment } from "../environment.ts";
import { AgentdError, sentence } from "../errors.ts";
import { authorOf } from "../local/git-identity.ts";
import { tokenSource } from "../local/publish.ts";
import type { Profile } from "../profile/profile.ts";
import { type PublishSteps, publishWork } from "../publish/publish.ts";
import { rebuildWork } from "../publish/recorded-work.ts";
import { readRegularFile } from "../regular-file.ts";
import type { SessionDocument } from "../session-document.ts";
import type { PublishedWork } from "../sessions/port/publication.ts";
import type { WorkSummary } from "../work/summary.ts";
import { publishedOf } from "./publish-from.ts";

export type { PublishedWork };

export interface RecordToPublish extends NotedRecord {
  readonly document: SessionDocument;
  /** As it is configured now. */
  readonly published: Profile;
  readonly summary: WorkSummary;
  /** Path of `work/summary.json`. */
  readonly summaryFile: string;
  /** Path of the bundle; undefined: there is none. */
  readonly bundle: string | undefined;
  /** Path of the patch; undefined: there is none, or it is empty. */
  readonly patch: string | undefined;
}

export interface PublishRecordTools {
  /** Names for git and the connection to a forge. */
  readonly environment: Environment;
  readonly variables: VariableSource;
  readonly stateDirectory: string;
  /** Empty directory of agentd's own. */
  readonly scratch: string;
  /** Of agentd. */
  readonly version: string;
  /** Wall clock, in milliseconds since the epoch. */
  readonly now: () => number;
  readonly signal: AbortSignal;
  readonly steps: PublishSteps & { readonly fetching: () => Promise<void> };
}

const MOST_SUMMARY_BYTES = 64 * 1024 * 1024;
const MOST_WHY_CHARACTERS = 2_000;

/**
 * Publishes, and notes what came of it, also when it fails.
 *
 * @throws AgentdError `publish_refused`, `publish_failed`, `credential_unset` and so on; `signing_key_unusable` or
 * `chain_unusable` when it cannot be noted; the signal's reason.
 */
export async function publishRecord(
  record: RecordToPublish,
  tools: PublishRecordTools,
): Promise<PublishedWork> {
  const note = (result: NoteOfPublishing): void => {
    const time = new Date(tools.now()).toISOString();
    addNote(record, { time, kind: "publish", ...result }, evidencePaths(tools.stateDirectory));
  };
  let result: PublishedWork;
  try {
    result = await publish(record, tools);
  } catch (error) {
    const why = sentence(error).slice(0, MOST_WHY_CHARACTERS);
    note({ result: "failed", published: null, why, warnings: [] });
    throw error;
  }
  if (result.kind === "nothing") note({ result: "nothing", published: null, why: result.why, warnings: [] });
  else note({ result: "published", published: result.published, why: null, warnings: result.warnings });
  return result;
}

type NoteOfPublishing = Omit<Extract<Note, { kind: "publish" }>, "time" | "kind">;

async function publish(
  { id, document, published: profile, summary, summaryFile, bundle, patch }: RecordToPublish,
  { environment, variables, stateDirectory, scratch, version, now, signal, steps }: PublishRecordTools,
): Promise<PublishedWork> {
  const { repo_url: url, ref, work_unit: workUnit, start_timestamp: start, end_timestamp: end } = document;
  const settings = profile.publish;
  if (settings === undefined || url === null || start === null || end === null) {
    throw new AgentdError("publish_refused", {
      tried: `publish the work of session ${id}`,
      why:
        settings === undefined
          ? `the profile ${profile.name} has no [profiles.publish]`
          : "the session had no clone of a repository, or its command never started",
      next:
        settings === undefined
          ? "Add it to the configuration: docs/publish.md."
          : `See \`agentd show ${id}\`.`,
    });
  }
  const repository = { url, ref };
  const source = tokenSource({ profile, repository, sessionId: id });
  const tokenOf = (name: string | undefined) =>
    name === undefined ? undefined : { source: name, value: resolveToken(name, variables) };
  const token = tokenOf(source);
  await steps.fetching();
  const { directory, known } = await rebuildWork(
    { sessionId: id, summary, bundle, patch, url, scratch, token: tokenOf(cloneSource(profile, url)) },
    { environment, signal },
  );
  const content = await readRegularFile(summaryFile, MOST_SUMMARY_BYTES);
  const result = await publishWork(
    {
      settings,
      session: {
        ...{ sessionId: id, profile: profile.name, workUnit, repository },
        ...{ startTimestamp: start, endTimestamp: end },
      },
      work: {
        ...{ directory, scratch, known, summary },
        summaryDigest: createHash("sha256").update(content).digest("hex"),
        statement: readEvidence(stateDirectory).chain.linesOf(id).at(-1)?.statement,
      },
      author: authorOf(profile, hostname()),
      token,
    },
    { environment, now, version, signal },
    steps,
  );
  return publishedOf(result);
}

/** A profile's token is for the host of its own repository. */
function cloneSource({ repo, repoTokenSource }: Profile, url: string): string | undefined {
  const hostOf = (text: string): string => (URL.canParse(text) ? new URL(text).host : text);
  return repo === undefined || hostOf(repo) === hostOf(url) ? repoTokenSource : undefined;
}
