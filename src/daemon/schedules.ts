/**
 * The scheduler with what it needs of the daemon.
 */
import type { Handlers } from "../api/handlers.ts";
import { AgentdError } from "../errors.ts";
import type { Logger } from "../log.ts";
import type { Profile } from "../profile/profile.ts";
import { connect } from "../rpc/client.ts";
import { type EventLogOptions, openEventLog } from "../scheduler/event-log.ts";
import { schedulePage, type SessionEnd } from "../scheduler/schedule-page.ts";
import { Scheduler } from "../scheduler/scheduler.ts";
import { type ScheduleSettings, schedulesOf } from "../scheduler/schedules-of.ts";
import { SessionsClient } from "../scheduler/sessions-client.ts";
import type { SessionDirectory } from "./session-directory.ts";

/** How long the daemon may take to answer itself when the scheduler connects. */
const CONNECT_TIMEOUT_MS = 10_000;

export interface SchedulesOptions {
  readonly profiles: readonly Profile[];
  /** The file of what happens to schedules. */
  readonly eventsPath: string;
  /** See `EventLogOptions`. */
  readonly onWritten: NonNullable<EventLogOptions["onWritten"]>;
  readonly socketPath: string;
  readonly version: string;
  /** Wall clock, in milliseconds since the epoch. */
  readonly now: () => number;
  readonly log: Logger;
}

/** A scheduler that knows the profiles' schedules and their past; it fires once it is started. */
export async function createScheduler(options: SchedulesOptions): Promise<Scheduler> {
  const { log, now, socketPath, version, eventsPath: path, onWritten } = options;
  const { events, states, strangeLines } = await openEventLog({ path, now, onWritten });
  if (strangeLines.length > 0) log.error({ path, lines: strangeLines }, "ignored lines that are not events");
  const sessions = new SessionsClient(() => connect(socketPath, { version, timeoutMs: CONNECT_TIMEOUT_MS }));
  const scheduler = new Scheduler({ now, events, states, sessions, log });
  await followSchedules(scheduler, options.profiles, log);
  return scheduler;
}

/** Follows the schedules of these profiles, and no others. Throws as `Scheduler.follow` does. */
export async function followSchedules(
  scheduler: Scheduler,
  profiles: readonly Profile[],
  log: Logger,
): Promise<void> {
  await scheduler.follow(schedulesOf(settingsOf(profiles, log)));
}

/** Answers the method `schedule`. */
export function showSchedules(
  scheduler: Scheduler,
  sessions: SessionDirectory,
  profiles: () => readonly Profile[],
): Handlers["schedule"] {
  return async (params) => {
    const names = profiles().map(({ name }) => name);
    if (params.profile !== undefined && !names.includes(params.profile))
      throw unknownProfile(params.profile, names);
    return await schedulePage([...scheduler.entries], params, (id) => endOf(id, sessions));
  };
}

function settingsOf(profiles: readonly Profile[], log: Logger): ScheduleSettings[] {
  const zone = daemonZone(log);
  return profiles.flatMap(({ name, schedule, timezone, missed, catchupWindowMs, overlap, jitterMs }) => {
    if (schedule === undefined) return [];
    const settings = { missed, catchupWindowMs, overlap, jitterMs };
    return [{ profile: name, expression: schedule, timezone: timezone ?? zone, ...settings }];
  });
}

/** The daemon's own zone. Where its environment names an unknown one, clocks here show UTC. */
function daemonZone(log: Logger): string {
  const { timeZone } = Intl.DateTimeFormat().resolvedOptions() as { timeZone?: string };
  if (timeZone !== undefined) return timeZone;
  log.warn("the daemon's time zone is unknown: schedules without a timezone use UTC");
  return "UTC";
}

async function endOf(sessionId: string, sessions: SessionDirectory): Promise<SessionEnd> {
  try {
    const { state, outcome, exit_code } = await sessions.view(sessionId);
    return { state, outcome, exit_code };
  } catch (error) {
    if (!(error instanceof AgentdError) || error.code !== "unknown_session") throw error;
    return { state: null, outcome: null, exit_code: null };
  }
}

function unknownProfile(profile: string, names: readonly string[]): AgentdError {
  return new AgentdError("unknown_profile", {
    tried: `show the schedule of profile ${JSON.stringify(profile)}`,
    why: "the daemon's configuration has no such profile",
    next: `Existing profiles: ${names.join(", ")}.`,
  });
}
