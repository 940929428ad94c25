import type { SessionDocument } from "../session-document.ts";

/** Whether what a session printed can be shown as it is: its values are replaced in the record, or it had none. */
export function isShownAsIs({ outcome, redaction }: Pick<SessionDocument, "outcome" | "redaction">): boolean {
  return outcome !== null && (redaction ?? null) !== "view" && redaction !== "incomplete";
}
