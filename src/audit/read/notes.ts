/** Reads the notes of a record, for people; whether they are the ones that were signed is for `verify`. */
import { ifThere } from "../../if-there.ts";
import { readRegularFile } from "../../regular-file.ts";
import { type Note, parseNotes } from "../format/note.ts";
import { recordPaths } from "../format/record-layout.ts";

const MOST_BYTES = 16 * 1024 * 1024;

/** Oldest first; none where there is no such file. @throws Error when it cannot be read. */
export async function readNotesOf(directory: string): Promise<Note[]> {
  const content = await ifThere(readRegularFile(recordPaths(directory).notes, MOST_BYTES));
  return content === undefined ? [] : parseNotes(content.toString("utf8"));
}
