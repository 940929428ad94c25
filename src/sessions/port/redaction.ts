/** Replacing the values of a session's credentials, in the words of sessions. */
import type { Profile } from "../../profile/profile.ts";
import type { Redaction } from "../../session-document.ts";

/** What of a session may have values in it. */
export interface RedactedSession {
  readonly sessionId: string;
  readonly profile: Pick<Profile, "credentials" | "llm" | "redact">;
  /** File of what it printed; may be missing. No process writes to it any more. */
  readonly consoleLogPath: string;
  /** Directory of its exported work; may be missing. */
  readonly workDirectory: string;
}

/** Replaces the values of credentials. */
export interface RedactionPort {
  /**
   * Replaces the values in what a session printed, as its profile says, and looks for them in its work. May be called
   * again, also by a later daemon.
   *
   * @throws Error when a file cannot be read or written.
   */
  finish(session: RedactedSession): Promise<Redaction>;
  /** For a session that has nothing to replace: what is known of it is kept for readers, for some time. */
  close(sessionId: string): Promise<void>;
  /** A short text with names in the place of values, as far as they are known. */
  redacted(sessionId: string, text: string): Promise<string>;
}
