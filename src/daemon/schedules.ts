/**
 * The scheduler with what it needs of the daemon.
 */
import type { Logger } from "../log.ts";
import { parsed } from "../profile/keys/key.ts";
import type { Profile } from "../profile/profile.ts";
import { durationMs } from "../profile/rules/durations.ts";
import { connect } from "../rpc/client.ts";
import { DEFAULT_SCHEDULE } from "../schedule-id.ts";
import { type EventLogOptions, openEventLog } from "../scheduler/event-log.ts";
import type { When } from "../scheduler/instants.ts";
import { Scheduler } from "../scheduler/scheduler.ts";
import { type ScheduleSettings, schedulesOf } from "../scheduler/schedules-of.ts";
import { SessionsClient } from "../scheduler/sessions-client.ts";

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

function settingsOf(profiles: readonly Profile[], log: Logger): ScheduleSettings[] {
  let zone: string | undefined;
  return profiles.flatMap((profile) => {
    const { schedule: cron, name, schedules } = profile;
    const first = cron === undefined ? [] : [{ ...profile, name: DEFAULT_SCHEDULE, cron }];
    return [...first, ...schedules].map((each) => {
      const { missed, catchupWindowMs, overlap, jitterMs } = each;
      const timezone = each.timezone ?? (zone ??= daemonZone(log));
      const settings = { timezone, missed, catchupWindowMs, overlap, jitterMs };
      return { profile: name, name: each.name, ...whenOf(each), ...settings };
    });
  });
}

function whenOf({
  cron = "",
  every,
  at,
}: {
  readonly cron?: string | undefined;
  readonly every?: string | undefined;
  readonly at?: string | undefined;
}): { readonly expression: string; readonly when: When } {
  if (every !== undefined)
    return { expression: `every ${every}`, when: { everyMs: parsed(every, durationMs) } };
  if (at !== undefined) return { expression: `at ${at}`, when: { atMs: Date.parse(at) } };
  return { expression: cron, when: { cron } };
}

/**
 * The daemon's own zone. Where its environment names an unknown one, clocks here show UTC. To look it up takes 5 MB, which a
 * daemon without schedules does not need.
 */
function daemonZone(log: Logger): string {
  const { timeZone } = Intl.DateTimeFormat().resolvedOptions() as { timeZone?: string };
  if (timeZone !== undefined) return timeZone;
  log.warn("the daemon's time zone is unknown: schedules without a timezone use UTC");
  return "UTC";
}
