/** The part of a record that the operator brings along. */
import { constants } from "node:fs";
import { chmod, copyFile, mkdir, stat } from "node:fs/promises";
import { join } from "node:path";
import { syncDirectory, syncFile, writeNewFile } from "../../durable-files.ts";
import type { RecordPaths } from "../format/record-layout.ts";

/** A file for the record: its bytes, or where they lie on this host. Its name is no path. */
export interface PlacedFile {
  readonly name: string;
  readonly bytes: number;
  readonly content: Buffer | { readonly path: string };
}

export interface PlacedInput {
  readonly files: readonly PlacedFile[];
  /** Goes to the agent's part of the record too, below the name of its type. */
  readonly artifact: { readonly type: string; readonly file: PlacedFile } | undefined;
}

/** Puts the input into a new record, durably. The files are copied: what they were made from stays as it is. */
export async function placeInput(paths: RecordPaths, { files, artifact }: PlacedInput): Promise<void> {
  if (files.length > 0) await fill(paths.input, files);
  if (artifact !== undefined) {
    await fill(paths.artifact, [artifact.file]);
    const workspace = join(paths.runa, "workspace");
    await makeSeen(workspace);
    await fill(join(workspace, artifact.type), [artifact.file], { directory: 0o755, file: 0o644 });
    await Promise.all([syncDirectory(workspace), syncDirectory(paths.runa)]);
  }
  await syncDirectory(paths.agentd);
}

async function fill(
  directory: string,
  files: readonly PlacedFile[],
  mode = { directory: 0o700, file: 0o600 },
): Promise<void> {
  await mkdir(directory);
  await chmod(directory, mode.directory);
  for (const { name, bytes, content } of files) {
    const path = join(directory, name);
    if (Buffer.isBuffer(content)) await writeNewFile(path, content, mode.file);
    else await copyDurably(content.path, path, mode.file);
    if ((await stat(path)).size !== bytes) throw new Error(`${name} changed while it was copied`);
  }
  await syncDirectory(directory);
}

async function copyDurably(source: string, target: string, mode: number): Promise<void> {
  await copyFile(source, target, constants.COPYFILE_EXCL | constants.COPYFILE_FICLONE);
  await chmod(target, mode);
  await syncFile(target);
}

/** The agent writes there, and the daemon's umask would close it. */
async function makeSeen(directory: string): Promise<void> {
  await mkdir(directory);
  await chmod(directory, 0o755);
}
