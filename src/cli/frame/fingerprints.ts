/** What finds the values of a session's credentials in what is shown of its record. */
import { AgentdError } from "../../errors.ts";
import type { Fingerprints } from "../../redaction/fingerprints.ts";
import { asFingerprints } from "../../redaction/kept-fingerprints.ts";
import { isShownAsIs } from "../../redaction/shown-as-is.ts";
import type { Caller } from "../../rpc/client.ts";
import type { SessionDocument } from "../../session-document.ts";

/** What of a session decides whether its output can be shown as it is. */
export type Shown = Pick<SessionDocument, "session_id" | "outcome" | "redaction">;

/** Asks the daemon for the fingerprints of a session; undefined where they are gone. */
export async function askFingerprints(client: Caller, sessionId: string): Promise<Fingerprints | undefined> {
  return asFingerprints((await client.call("fingerprints", { session: sessionId })).fingerprints);
}

/**
 * What finds the values in the output of a session that a daemon knows, as `fingerprintsFor`. The session may have ended
 * since it was shown.
 */
export async function fingerprintsNow(client: Caller, shown: Shown): Promise<Fingerprints | undefined> {
  const { session_id: session } = shown;
  const found = await askFingerprints(client, session);
  if (found !== undefined) return found;
  const now = shown.outcome === null ? await client.call("show", { session }) : shown;
  return await fingerprintsFor(now, () => Promise.resolve(undefined));
}

/**
 * What finds the values in the output of a session; undefined where it can be printed as it is: its values are replaced in
 * the record, or it had none.
 *
 * @param find where they may be.
 * @throws AgentdError `redaction_unavailable`.
 */
export async function fingerprintsFor(
  shown: Shown,
  find: () => Promise<Fingerprints | undefined>,
): Promise<Fingerprints | undefined> {
  const found = await find();
  if (found !== undefined) return found;
  if (isShownAsIs(shown)) return undefined;
  const { session_id: id } = shown;
  throw new AgentdError("redaction_unavailable", {
    tried: `show the output of session ${id}`,
    why: "what finds the values of its credentials in it is gone, as after a restart of the host",
    next: `To see it with the values in it, use \`agentd logs --raw ${id}\`.`,
  });
}
