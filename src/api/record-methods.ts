/** The methods for readers that cannot see the record: on another host, or in a browser. */
import * as z from "zod";
import { MAX_LOG_LINES, MAX_PIECE_BYTES } from "./limits.ts";
import { session, text } from "./params.ts";

const count = z.int().min(0);

const logLineSchema = z.strictObject({
  /** Its number in the log, from 1. */
  line: z.int().min(1),
  /** When it was printed; null in a line of another form. */
  time: z.string().nullable(),
  stream: z.enum(["stdout", "stderr"]),
  /** Without its newline; what is not UTF-8 is replaced, and so are values of credentials. */
  text: z.string(),
  /** Whether what the command printed goes on in a later line: it printed no newline, or a very long line. */
  goes_on: z.boolean(),
});

export type LogLine = z.infer<typeof logLineSchema>;

export const RECORD_METHODS = {
  log: {
    summary: "Shows lines of a session's output, by their numbers, without values of credentials.",
    params: z.strictObject({
      session,
      /** Number of the first line, from 1; negative: counted from the end, so that -100 means the last 100. */
      from: z.int(),
      /** How many lines at most; fewer come where they are long. */
      count: z.int().min(1).max(MAX_LOG_LINES),
    }),
    result: z.strictObject({
      session_id: z.string(),
      lines: z.array(logLineSchema),
      /** Lines that the log has now. */
      total: count,
      /** Bytes that the log has now. */
      bytes: count,
      /** Whether nothing will be added. */
      complete: z.boolean(),
    }),
    errors: ["unknown_session", "ambiguous_session", "record_unusable", "redaction_unavailable"],
  },
  file: {
    summary: "Gives a piece of a file of a sealed record.",
    params: z.strictObject({
      session,
      /** From the record's directory, such as `work/changes.patch`. */
      path: text(4096).min(1),
      /** Where the piece begins, in bytes. */
      offset: count,
      /** Its length at most. */
      limit: z.int().min(1).max(MAX_PIECE_BYTES),
    }),
    result: z.strictObject({
      session_id: z.string(),
      /** Of the whole file. */
      bytes: count,
      /** The piece in base64; empty behind the end. */
      data: z.string(),
    }),
    errors: [
      "unknown_session",
      "ambiguous_session",
      "record_unusable",
      "record_incomplete",
      "copy_failed",
      "redaction_unavailable",
    ],
  },
} as const;
