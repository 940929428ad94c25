/** Notes about prunings, beside the chain: for a daemon that tells of them, also when a command has pruned while none ran. */
import { readdir, readFile, rm } from "node:fs/promises";
import { join } from "node:path";
import * as z from "zod";
import { commitFile, ensureDirectory, stageFile } from "../../durable-files.ts";
import { AgentdError, sentence } from "../../errors.ts";
import { ifThere } from "../../if-there.ts";
import type { EvidencePaths } from "../keys/evidence-paths.ts";

const noteSchema = z.object({
  /** Of the tombstone in the chain. */
  sequence: z.int().nonnegative(),
  /** When; RFC 3339. */
  timestamp: z.iso.datetime(),
  /** Whose records the tombstone is of. */
  session_ids: z.array(z.string()),
});

export type PruningNote = Readonly<z.infer<typeof noteSchema>>;

const NAME = /^\d+\.json$/;

/** Writes a note, durably. */
export async function writePruningNote({ prunings }: EvidencePaths, note: PruningNote): Promise<void> {
  await ensureDirectory(prunings, 0o700);
  const path = join(prunings, `${note.sequence}.json`);
  await stageFile(path, `${JSON.stringify(note)}\n`);
  await commitFile(path);
}

/** The notes that nobody has told of, oldest first. @throws AgentdError `state_unusable`. */
export async function readPruningNotes({ prunings }: EvidencePaths): Promise<PruningNote[]> {
  const names = (await ifThere(readdir(prunings))) ?? [];
  const notes = await Promise.all(
    names.filter((name) => NAME.test(name)).map((name) => readNote(join(prunings, name))),
  );
  return notes.sort((one, other) => one.sequence - other.sequence);
}

/** Removes a note; after a power cut it may be there again. */
export async function forgetPruningNote(
  { prunings }: EvidencePaths,
  { sequence }: PruningNote,
): Promise<void> {
  await rm(join(prunings, `${sequence}.json`), { force: true });
}

async function readNote(path: string): Promise<PruningNote> {
  try {
    return noteSchema.parse(JSON.parse(await readFile(path, "utf8")));
  } catch (cause) {
    throw new AgentdError("state_unusable", {
      tried: `read ${path}`,
      why: sentence(cause),
      next: "Remove the file: the feed of events does not tell of that pruning then.",
      cause,
    });
  }
}
