import type * as z from "zod";
import type { ErrorCode } from "../errors.ts";

/** The description of a method. */
export interface MethodRecord {
  readonly summary: string;
  readonly params: z.ZodType;
  readonly result: z.ZodType;
  /** Codes it can answer with, besides `protocol_error` and `internal`, which every method can. */
  readonly errors: readonly ErrorCode[];
  /**
   * True where the answer may take as long as a session, so that no other request waits for it; `alone` where a
   * connection may wait only once. Default false.
   */
  readonly waits?: boolean | "alone";
}
