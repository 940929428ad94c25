/**
 * Files on their way to a session that is still to be accepted. They come in pieces, so that no connection holds
 * megabytes in memory, and from the client, whose paths the daemon does not read.
 */
import { mkdir, open } from "node:fs/promises";
import { join } from "node:path";
import { AgentdError } from "../errors.ts";
import { type Enqueue, oneAtATime } from "../one-at-a-time.ts";
import { requestKey } from "../request-key.ts";
import { removeTree } from "../trees/remove-tree.ts";
import type { Given, GivenFile } from "./given.ts";
import {
  inputNameFault,
  MAX_ARTIFACT_BYTES,
  MAX_INPUT_BYTES,
  MAX_INPUTS,
  MAX_REQUEST_BYTES,
  REQUEST_FILE,
} from "./rules.ts";

/** What a file is for. */
export type FileKind = "request" | "input" | "artifact";

/** One piece of a file. */
export interface Piece {
  /** The run that it is for, as its client will name it. */
  readonly requestId: string;
  readonly kind: FileKind;
  readonly name: string;
  /** Where it begins in the file. */
  readonly offset: number;
  readonly data: Buffer;
}

/** The files that a run says it has sent. */
export interface Expected {
  readonly requestBytes: number | undefined;
  readonly inputs: readonly { readonly name: string; readonly bytes: number }[];
  readonly artifact: { readonly type: string; readonly name: string; readonly bytes: number } | undefined;
}

export interface UploadBounds {
  /** Runs whose files are kept at once. */
  readonly uploads: number;
  /** Bytes of all of them. */
  readonly bytes: number;
  /** How long one is kept after its last use. */
  readonly unusedMs: number;
}

export const UPLOAD_BOUNDS: UploadBounds = {
  uploads: 64,
  bytes: 512 * 1024 * 1024,
  unusedMs: 10 * 60 * 1000,
};

const MAX_BYTES: Readonly<Record<FileKind, number>> = {
  request: MAX_REQUEST_BYTES,
  input: MAX_INPUT_BYTES,
  artifact: MAX_ARTIFACT_BYTES,
};

interface Upload {
  readonly directory: string;
  readonly files: Map<string, { readonly path: string; bytes: number }>;
  readonly enqueue: Enqueue;
  lastUsedMs: number;
  /** Whether a run is being accepted with it. */
  isTaken: boolean;
}

export interface UploadsOptions {
  /** Directory for them alone; what is in it when a daemon starts is removed. */
  readonly directory: string;
  /** A clock that never jumps, in milliseconds. */
  readonly monotonic: () => number;
  readonly bounds?: UploadBounds | undefined;
}

/** The files of runs to come. They do not outlive the daemon: their client sends them again. */
export class Uploads {
  readonly #options: UploadsOptions;
  readonly #bounds: UploadBounds;
  readonly #uploads = new Map<string, Upload>();
  #expiry: NodeJS.Timeout | undefined;

  constructor(options: UploadsOptions) {
    this.#options = options;
    this.#bounds = options.bounds ?? UPLOAD_BOUNDS;
  }

  /** Removes what an earlier daemon was sent. */
  async clear(): Promise<void> {
    await removeTree(this.#options.directory);
  }

  /** Removes everything, at the daemon's end. */
  async close(): Promise<void> {
    clearTimeout(this.#expiry);
    this.#uploads.clear();
    await this.clear();
  }

  /**
   * Keeps a piece of a file. A piece that is sent again changes nothing.
   *
   * @throws AgentdError `upload_missing` when the pieces before it are not there, `upload_refused`, `input_invalid`.
   */
  async add(piece: Piece): Promise<void> {
    checkName(piece);
    const upload = await this.#uploadFor(piece.requestId);
    await upload.enqueue(() => this.#write(upload, piece));
    upload.lastUsedMs = this.#options.monotonic();
  }

  /**
   * The files of a run, which are not removed before `release`.
   *
   * @throws AgentdError `upload_missing` when they are not all there, with the sizes that are expected.
   */
  take(requestId: string, { requestBytes, inputs, artifact }: Expected): Given {
    const upload = this.#uploads.get(requestKey(requestId));
    const file = (kind: FileKind, name: string, bytes: number): GivenFile => {
      const kept = upload?.files.get(`${kind}/${name}`);
      if (kept?.bytes !== bytes) throw missing(name);
      return { name, bytes, content: { path: kept.path } };
    };
    const given: Given = {
      request: requestBytes === undefined ? undefined : file("request", REQUEST_FILE, requestBytes),
      inputs: inputs.map(({ name, bytes }) => file("input", name, bytes)),
      artifact: artifact && { type: artifact.type, file: file("artifact", artifact.name, artifact.bytes) },
    };
    if (upload !== undefined) upload.isTaken = true;
    return given;
  }

  /** @param isOver whether the run was accepted: its record has the files now. */
  async release(requestId: string, isOver: boolean): Promise<void> {
    const key = requestKey(requestId);
    const upload = this.#uploads.get(key);
    if (upload === undefined) return;
    upload.isTaken = false;
    upload.lastUsedMs = this.#options.monotonic();
    if (isOver) await this.#remove(key, upload);
  }

  async #uploadFor(requestId: string): Promise<Upload> {
    const key = requestKey(requestId);
    await this.#removeUnused();
    const found = this.#uploads.get(key);
    if (found?.isTaken === true) throw refused("its run is being accepted");
    if (found !== undefined) return found;
    if (this.#uploads.size >= this.#bounds.uploads) {
      throw refused(`it keeps the files of ${this.#bounds.uploads} runs that have not begun`);
    }
    const upload: Upload = {
      directory: join(this.#options.directory, key),
      files: new Map(),
      enqueue: oneAtATime(),
      lastUsedMs: this.#options.monotonic(),
      isTaken: false,
    };
    this.#uploads.set(key, upload);
    this.#expectUnused();
    return upload;
  }

  async #write(upload: Upload, { kind, name, offset, data }: Piece): Promise<void> {
    if (upload.isTaken) throw refused("its run is being accepted");
    const key = `${kind}/${name}`;
    const kept = upload.files.get(key);
    if (offset > (kept?.bytes ?? 0)) throw missing(name);
    const end = offset + data.length;
    if (end > MAX_BYTES[kind]) throw tooLarge(name, MAX_BYTES[kind]);
    const more = Math.max(0, end - (kept?.bytes ?? 0));
    if (this.#bytes() + more > this.#bounds.bytes) {
      throw refused(`it keeps ${this.#bounds.bytes} bytes for runs that have not begun`);
    }
    if (kept === undefined && upload.files.size >= MAX_INPUTS + 2) throw refused("there are too many files");
    // Numbers, so that no name that a client chooses becomes a path.
    const path = kept?.path ?? join(upload.directory, String(upload.files.size));
    await mkdir(upload.directory, { recursive: true, mode: 0o700 });
    const file = await open(path, kept === undefined ? "w" : "r+", 0o600);
    try {
      const { bytesWritten } = await file.write(data, 0, data.length, offset);
      if (bytesWritten < data.length) throw refused("the disk is full");
    } finally {
      await file.close();
    }
    upload.files.set(key, { path, bytes: Math.max(end, kept?.bytes ?? 0) });
  }

  #bytes(): number {
    const files = [...this.#uploads.values()].flatMap((upload) => [...upload.files.values()]);
    return files.reduce((sum, { bytes }) => sum + bytes, 0);
  }

  async #removeUnused(): Promise<void> {
    const before = this.#options.monotonic() - this.#bounds.unusedMs;
    const unused = [...this.#uploads].filter(
      ([, { isTaken, lastUsedMs }]) => !isTaken && lastUsedMs < before,
    );
    for (const [key, upload] of unused) await this.#remove(key, upload);
  }

  async #remove(key: string, upload: Upload): Promise<void> {
    this.#uploads.delete(key);
    await upload.enqueue(() => removeTree(upload.directory));
  }

  /** Looks again once the oldest could be unused; the process does not stay alive for it. */
  #expectUnused(): void {
    this.#expiry ??= setTimeout(() => {
      this.#expiry = undefined;
      // What cannot be removed is removed when the next daemon starts.
      void this.#removeUnused().catch(() => undefined);
      if (this.#uploads.size > 0) this.#expectUnused();
    }, this.#bounds.unusedMs + 1).unref();
  }
}

function checkName({ kind, name }: Piece): void {
  const fault =
    kind === "request" ? (name === REQUEST_FILE ? undefined : "a request has no name") : inputNameFault(name);
  if (fault === undefined) return;
  throw new AgentdError("input_invalid", {
    tried: `take the file ${JSON.stringify(name)}`,
    why: fault,
    next: "Give the file another name: --input NAME=FILE.",
  });
}

function tooLarge(name: string, limit: number): AgentdError {
  return new AgentdError("input_invalid", {
    tried: `take the file ${JSON.stringify(name)}`,
    why: `it has more than ${limit} bytes`,
    next: "Mount large files with the profile's `mounts`.",
  });
}

function missing(name: string): AgentdError {
  return new AgentdError("upload_missing", {
    tried: `use the file ${JSON.stringify(name)}`,
    why: "the daemon has not received all of it, or has restarted since",
    next: "Run the command again: it sends the files again.",
  });
}

function refused(why: string): AgentdError {
  return new AgentdError("upload_refused", {
    tried: "take a file for a session",
    why,
    next: "Try again in a few minutes.",
  });
}
