/**
 * What happened to a record after its seal: one line of `agentd/after.jsonl` each, and a statement in the chain about
 * that line. The sealed files stay as they are.
 */
import type { Published } from "../../published.ts";

/** What became of publishing a session's work by hand. */
export interface PublishNote {
  readonly kind: "publish";
  readonly result: "published" | "nothing" | "failed";
  /** Null unless it was published. */
  readonly published: Published | null;
  /** Why there was nothing to publish, or why it failed; null when it was published. */
  readonly why: string | null;
  readonly warnings: readonly string[];
}

/** What became of a program that runs after a session. */
export interface AfterNote {
  readonly kind: "after";
  /** Which of the profile's programs, from 0. */
  readonly index: number;
  readonly command: readonly string[];
  readonly result: "failed";
  readonly why: string;
}

/** Somebody has looked into what is kept of the session, which has ended. */
export interface EnteredNote {
  readonly kind: "entered";
  readonly result: "entered";
  /** What was started; cut where it is long. */
  readonly command: readonly string[];
  readonly tty: boolean;
}

/** What was kept of the session is removed. */
export interface KeptRemovedNote {
  readonly kind: "kept_removed";
  readonly result: "removed";
  /** Somebody asked for it, its time was over, or all kept sessions together took too much. */
  readonly why: "operator" | "expired" | "keep_max";
}

/** RFC 3339. */
export type Note = { readonly time: string } & (PublishNote | AfterNote | EnteredNote | KeptRemovedNote);

const KINDS: readonly unknown[] = ["publish", "after", "entered", "kept_removed"] satisfies Note["kind"][];

/** The line of a note, with its newline. */
export function formatNote(note: Note): string {
  return `${JSON.stringify(note)}\n`;
}

/** The lines of a file of notes that can be read as such. */
export function parseNotes(text: string): Note[] {
  return text
    .split("\n")
    .filter((line) => line !== "")
    .flatMap((line): Note[] => {
      try {
        const value: unknown = JSON.parse(line);
        return isNote(value) ? [value] : [];
      } catch {
        // Verifying says what is wrong with it.
        return [];
      }
    });
}

function isNote(value: unknown): value is Note {
  if (typeof value !== "object" || value === null) return false;
  const { time, kind, result } = value as Partial<Record<string, unknown>>;
  return typeof time === "string" && KINDS.includes(kind) && typeof result === "string";
}
