/** What happens to kept sessions, as notes in their sealed records. */
import { existsSync } from "node:fs";
import type { Note } from "../audit/format/note.ts";
import { evidencePaths } from "../audit/keys/evidence-paths.ts";
import { readNotesOf } from "../audit/read/notes.ts";
import { addNote } from "../audit/seal/add-note.ts";
import type { KeptEntry } from "../keep/kept-entry.ts";
import type { KeptNotes } from "../keep/kept-sessions.ts";
import { journaledWords } from "../sessions/run/journaled-words.ts";

/** @param now wall clock, in milliseconds since the epoch. */
export function keptNotes(stateDirectory: string, now: () => number): KeptNotes {
  const add = (entry: KeptEntry, note: DistributiveOmit<Note, "time">): void => {
    const { session_id: id, record: directory, profile } = entry;
    // Of a record that was removed, nobody reads notes.
    if (!existsSync(directory)) return;
    const timed = { time: new Date(now()).toISOString(), ...note };
    addNote({ id, profile: profile.name, directory }, timed, evidencePaths(stateDirectory));
  };
  return {
    entered: (entry, command, tty) =>
      add(entry, { kind: "entered", result: "entered", command: journaledWords(command), tty }),
    removed: async (entry, why) => {
      const notes = await readNotesOf(entry.record);
      if (notes.some(({ kind }) => kind === "kept_removed")) return;
      add(entry, { kind: "kept_removed", result: "removed", why });
    },
  };
}

type DistributiveOmit<T, K extends PropertyKey> = T extends unknown ? Omit<T, K> : never;
