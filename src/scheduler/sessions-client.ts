import { MAX_LIST_LENGTH } from "../api/limits.ts";
import { AgentdError } from "../errors.ts";
import type { RpcClient } from "../rpc/client.ts";
import { DEFAULT_SCHEDULE, type ScheduleId, scheduleKey } from "../schedule-id.ts";
import type { ListedSession } from "../session-document.ts";
import { timestampOf } from "./events.ts";
import type { Fire } from "./schedule-state.ts";

/** A session that a schedule started. */
export interface ScheduledSession {
  readonly id: string;
  /** The schedule's key. */
  readonly schedule: string;
}

/** The scheduler's requests about sessions: through the daemon's socket, like every other client. */
export class SessionsClient {
  readonly #connect: () => Promise<RpcClient>;
  #client: Promise<RpcClient> | undefined;

  /** @param connect to the daemon; called again when a connection is lost. */
  constructor(connect: () => Promise<RpcClient>) {
    this.#connect = connect;
  }

  /** Requests the run of a fire; a repeated request returns the same session. */
  async run(schedule: ScheduleId, fire: Fire): Promise<ListedSession> {
    const { profile, name } = schedule;
    const scheduled_timestamp = timestampOf(fire.instantMs);
    const request = { request_id: requestIdOf(schedule, fire), profile, schedule_name: name };
    return await this.#call((client) =>
      client.call("run", { ...request, scheduled_timestamp, fire_id: fire.fireId }),
    );
  }

  /** The session of a fire, if it is among the newest; undefined when there is none. */
  async find(schedule: ScheduleId, { instantMs, fireId }: Fire): Promise<ListedSession | undefined> {
    const { sessions } = await this.#call((client) =>
      client.call("list", { all: true, limit: MAX_LIST_LENGTH, profile: schedule.profile }),
    );
    if (fireId !== undefined) return sessions.find((each) => each.fire_id === fireId);
    const instant = timestampOf(instantMs);
    return sessions.find(
      (each) =>
        each.trigger === "schedule" &&
        each.scheduled_timestamp === instant &&
        each.fire_id === null &&
        (each.schedule_name ?? DEFAULT_SCHEDULE) === schedule.name,
    );
  }

  /** The sessions of schedules that have not ended, newest first. */
  async open(): Promise<readonly ScheduledSession[]> {
    const { sessions } = await this.#call((client) =>
      client.call("list", { all: false, limit: MAX_LIST_LENGTH }),
    );
    return sessions
      .filter(({ trigger, schedule_name: name }) => trigger === "schedule" || name !== null)
      .map(({ session_id: id, profile, schedule_name: name }) => {
        return { id, schedule: scheduleKey({ profile, name: name ?? DEFAULT_SCHEDULE }) };
      });
  }

  /** Resolves when a session is sealed. */
  async ended(sessionId: string): Promise<void> {
    await this.#call((client) => client.call("wait", { session: sessionId }));
  }

  /** Ends the connection; what is still asked for rejects. */
  async close(): Promise<void> {
    const client = this.#client;
    this.#client = undefined;
    // A connection that was never made needs no closing.
    (await client?.catch(() => undefined))?.close();
  }

  async #call<T>(use: (client: RpcClient) => Promise<T>): Promise<T> {
    const connecting = (this.#client ??= this.#connect());
    try {
      return await use(await connecting);
    } catch (error) {
      if (isConnectionLost(error) && this.#client === connecting) this.#client = undefined;
      throw error;
    }
  }
}

/** Of a schedule without a name, as versions made it that knew no other. */
function requestIdOf({ profile, name }: ScheduleId, { instantMs, fireId }: Fire): string {
  if (fireId !== undefined) return `schedule fire ${fireId}`;
  const which = name === DEFAULT_SCHEDULE ? profile : `${profile} ${name}`;
  return `schedule ${which} ${timestampOf(instantMs)}`;
}

/** Whether an error leaves open what became of the request: a repeated request may succeed. */
export function isWorthAskingAgain(error: unknown): boolean {
  return isConnectionLost(error) || (error instanceof AgentdError && error.code === "daemon_stopping");
}

function isConnectionLost(error: unknown): boolean {
  return (
    error instanceof AgentdError && (error.code === "daemon_lost" || error.code === "daemon_not_running")
  );
}
