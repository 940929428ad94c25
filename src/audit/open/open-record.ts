import { commitFile, stageFile } from "../../durable-files.ts";
import { AgentdError, sentence } from "../../errors.ts";
import type { Failpoints } from "../../failpoints.ts";
import { type Enqueue, oneAtATime } from "../../one-at-a-time.ts";
import type { Ending } from "../../outcome.ts";
import type { SessionDocument, SessionState } from "../../session-document.ts";
import type { AppendOptions, Journal, JournalEntry } from "../format/journal.ts";
import { formatDocument, type RecordPaths, recordPaths } from "../format/record-layout.ts";
import type { SealRequest } from "../seal/seal.ts";
import type { OpenIndex } from "./open-index.ts";
import type { RecordObserver } from "./record-observer.ts";

/** Settings for every record of an instance. */
export interface RecordSettings {
  readonly auditRoot: string;
  readonly index: OpenIndex;
  /** Named in the journals of the records that it accepts and continues. */
  readonly daemon: { readonly pid: number; readonly version: string };
  /** Bytes of the agent's files that a seal covers at most; what is beyond is listed as excluded. */
  readonly recordLimitBytes: number;
  /** Whether only the daemon's user may read sealed records. */
  readonly isPrivate: boolean;
  /** Wall clock, in milliseconds since the epoch. */
  readonly now: () => number;
  /** Seals in the background: `Sealer.seal`. */
  readonly seal: (request: SealRequest) => Promise<SessionDocument>;
  readonly failpoints: Failpoints;
  /** Follows the journals. Default: nobody does. */
  readonly observer?: RecordObserver | undefined;
}

/** The parts of one open record. */
export interface OpenRecordParts {
  readonly directory: string;
  readonly document: SessionDocument;
  readonly requestId: string;
  /** As in its entry of the open index. */
  readonly plan: unknown;
  readonly journal: Journal;
}

/** The fields of an open record's document that may change; its outcome is set by `seal` alone. */
export type OpenFields = Partial<
  Omit<SessionDocument, "schema_version" | "session_id" | "profile" | "outcome">
>;

/** A record that is still being written. It holds no file open, so there is nothing to close. */
export class OpenRecord {
  /** As in its entry of the open index. */
  readonly plan: unknown;
  readonly #settings: RecordSettings;
  readonly #paths: RecordPaths;
  readonly #journal: Journal;
  readonly #requestId: string;
  readonly #enqueue: Enqueue = oneAtATime();
  #document: SessionDocument;

  /** Use `createRecord` or `reopenRecord`. */
  constructor(settings: RecordSettings, { directory, document, requestId, plan, journal }: OpenRecordParts) {
    this.plan = plan;
    this.#settings = settings;
    this.#paths = recordPaths(directory);
    this.#document = document;
    this.#requestId = requestId;
    this.#journal = journal;
  }

  get id(): string {
    return this.#document.session_id;
  }

  get directory(): string {
    return this.#paths.directory;
  }

  /** What the container sees as `repo/.runa`. */
  get runaDirectory(): string {
    return this.#paths.runa;
  }

  /** Where the export of the agent's work goes; made when there is some. */
  get workDirectory(): string {
    return this.#paths.work;
  }

  /** Where copies of the files go that the profile names; made when there is one. */
  get artifactsDirectory(): string {
    return this.#paths.artifacts;
  }

  /** What the operator gave to the session, as the record keeps it; missing when that was nothing. */
  get inputDirectory(): string {
    return this.#paths.input;
  }

  /** Where conmon writes the command's output. */
  get consoleLogPath(): string {
    return this.#paths.console;
  }

  /** Where the connections of a session with an allowlist are written down. */
  get egressPath(): string {
    return this.#paths.egress;
  }

  /** Where the requests to language models are written down. */
  get llmPath(): string {
    return this.#paths.llm;
  }

  /** Where the record of a node goes on which the session ran. */
  get nodeDirectory(): string {
    return this.#paths.node;
  }

  /** Where it is written down who has claimed a session that was placed on another machine. */
  get claimsPath(): string {
    return this.#paths.claims;
  }

  /** The document with all updates, written or not. */
  get document(): SessionDocument {
    return this.#document;
  }

  /** The state of the newest journal line. */
  get state(): SessionState {
    return this.#journal.last?.state ?? "queued";
  }

  /**
   * Changes the document, in memory at once.
   *
   * @param options.persist whether `session.json` is durable with the change when this resolves. Default true.
   */
  async update(fields: OpenFields, { persist = true }: { persist?: boolean } = {}): Promise<void> {
    this.#document = { ...this.#document, ...fields };
    if (!persist) return;
    await this.#enqueue(async () => {
      await stageFile(this.#paths.session, formatDocument(this.#document));
      await commitFile(this.#paths.session);
    });
  }

  /** Adds a line to the journal, durably unless told otherwise, and returns it. */
  async journal(
    state: SessionState,
    event?: string,
    details?: Readonly<Record<string, unknown>>,
    options?: AppendOptions,
  ): Promise<JournalEntry> {
    const entry = await this.#journal.append(state, event, details, options);
    this.#settings.observer?.appended(this.id, entry, options?.durable !== false);
    return entry;
  }

  /**
   * Seals the record, whose container must be gone. Sealed twice, it stays as it was. It stays in the
   * open index until it is retired.
   *
   * @param final how the session ended, and the other final fields of the document.
   * @returns the document as sealed.
   * @throws AgentdError `record_unusable` when it cannot be sealed: the record is then visibly incomplete, and may be
   *   sealed again.
   */
  async seal(final: Ending & Partial<SessionDocument>): Promise<SessionDocument> {
    if (this.#document.outcome === null) await this.#seal({ ...this.#document, ...final });
    return this.#document;
  }

  /**
   * Takes a sealed record out of the open index, once whoever follows the journals knows of the end; where that cannot
   * be now, later. Its request is still remembered.
   */
  async retire(): Promise<void> {
    const { index, observer } = this.#settings;
    const retire = (): Promise<void> => index.retire(this.id, this.#requestId);
    await (observer === undefined ? retire() : observer.sealed(this, retire));
  }

  async #seal(document: SessionDocument): Promise<void> {
    const { now, seal, recordLimitBytes, isPrivate } = this.#settings;
    const request = { directory: this.directory, document, recordLimitBytes, isPrivate };
    try {
      this.#document = await this.#enqueue(() =>
        this.#journal.lend(() => seal({ ...request, sealedTimeMs: now() })),
      );
    } catch (cause) {
      throw new AgentdError("record_unusable", {
        tried: `seal the record ${this.directory}`,
        why: sentence(cause),
        next: "Check that the disk is not full and that the record's files belong to this user.",
        cause,
      });
    }
  }
}
