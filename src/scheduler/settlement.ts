import { sentence } from "../errors.ts";
import type { Logger } from "../log.ts";
import type { ScheduleId } from "../schedule-id.ts";
import type { ListedSession } from "../session-document.ts";
import { about, type NewEvent, skipEvent, timestampOf } from "./events.ts";
import type { Fire } from "./schedule-state.ts";
import { isWorthAskingAgain, type SessionsClient } from "./sessions-client.ts";

/** A fire that is written down and may have become a session already. */
export interface Unsettled {
  readonly schedule: ScheduleId;
  readonly fire: Fire;
  /** Whether it is from an earlier daemon: then its session may even have ended. */
  readonly isInherited: boolean;
}

/** What became of a fire. */
export interface Settled {
  /** The event of its result; undefined when it is to be tried again. */
  readonly event: NewEvent | undefined;
  /** The session; undefined when there is none, or not yet. */
  readonly session?: string | undefined;
  /** Why there is no session. */
  readonly error?: unknown;
}

/** Carries out a fire. */
export async function settle(
  { schedule, fire, isInherited }: Unsettled,
  sessions: SessionsClient,
  log: Logger,
): Promise<Settled> {
  const { instantMs, fireId } = fire;
  const told = { ...about(schedule), scheduled: timestampOf(instantMs) };
  try {
    const earlier = isInherited ? await sessions.find(schedule, fire) : undefined;
    const session = earlier ?? (await sessions.run(schedule, fire));
    log.info({ ...told, session: session.session_id }, "schedule fired");
    return { event: firedEvent(schedule, fire, session), session: session.session_id };
  } catch (error) {
    log.warn({ ...told, error }, "schedule could not be fired");
    if (isWorthAskingAgain(error)) return { event: undefined, error };
    const skipped = skipEvent(schedule, instantMs, instantMs, "refused", sentence(error));
    return { event: { ...skipped, fire_id: fireId }, error };
  }
}

function firedEvent(schedule: ScheduleId, { instantMs, fireId }: Fire, session: ListedSession): NewEvent {
  return {
    event: "fired",
    ...about(schedule),
    scheduled_timestamp: timestampOf(instantMs),
    session_id: session.session_id,
    delay_ms: session.delay_ms ?? 0,
    fire_id: fireId,
  };
}
