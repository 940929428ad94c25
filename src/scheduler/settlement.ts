import { sentence } from "../errors.ts";
import type { Logger } from "../log.ts";
import type { ListedSession } from "../session-document.ts";
import { type NewEvent, skipEvent, timestampOf } from "./events.ts";
import { isWorthAskingAgain, type SessionsClient } from "./sessions-client.ts";

/** A fire that is written down and may have become a session already. */
export interface Unsettled {
  readonly profile: string;
  readonly instantMs: number;
  /** Whether it is from an earlier daemon: then its session may even have ended. */
  readonly isInherited: boolean;
}

/**
 * Carries out a fire.
 *
 * @returns the event of its result; undefined when it is to be tried again.
 */
export async function settle(
  { profile, instantMs, isInherited }: Unsettled,
  sessions: SessionsClient,
  log: Logger,
): Promise<NewEvent | undefined> {
  try {
    const earlier = isInherited ? await sessions.find(profile, instantMs) : undefined;
    const session = earlier ?? (await sessions.run(profile, instantMs));
    log.info({ profile, scheduled: timestampOf(instantMs), session: session.session_id }, "schedule fired");
    return firedEvent(profile, instantMs, session);
  } catch (error) {
    log.warn({ profile, scheduled: timestampOf(instantMs), error }, "schedule could not be fired");
    if (isWorthAskingAgain(error)) return undefined;
    return skipEvent(profile, instantMs, instantMs, "refused", sentence(error));
  }
}

function firedEvent(profile: string, instantMs: number, session: ListedSession): NewEvent {
  return {
    event: "fired",
    profile,
    scheduled_timestamp: timestampOf(instantMs),
    session_id: session.session_id,
    delay_ms: session.delay_ms ?? 0,
  };
}
