/** The methods about schedules. */
import type { Handlers } from "../api/handlers.ts";
import type { Result } from "../api/methods.ts";
import { AgentdError } from "../errors.ts";
import type { FollowUps } from "../followups/follow-ups.ts";
import type { Profile } from "../profile/profile.ts";
import type { Entry } from "../scheduler/agenda.ts";
import { chooseOne, chooseSchedules } from "../scheduler/choose.ts";
import { schedulePage, type SessionEnd, viewOf } from "../scheduler/schedule-page.ts";
import type { Scheduler } from "../scheduler/scheduler.ts";
import type { SessionDirectory } from "./session-directory.ts";

export type ScheduleHandlers = Pick<
  Handlers,
  "schedule" | "schedule_pause" | "schedule_resume" | "schedule_skip" | "schedule_fire"
>;

export interface ScheduleHandlerHost {
  readonly scheduler: Scheduler;
  readonly followUps: Pick<FollowUps, "retries">;
  readonly sessions: SessionDirectory;
  readonly profiles: () => readonly Profile[];
  /** Wall clock, in milliseconds since the epoch. */
  readonly now: () => number;
}

/** How many of the next runs are answered with where nobody asks for a number. */
const NEXT_RUNS = 3;
/** An answer is one line. */
const MOST_RETRIES = 1_000;

export function scheduleHandlers({
  scheduler,
  followUps,
  sessions,
  profiles,
  now,
}: ScheduleHandlerHost): ScheduleHandlers {
  const end = (sessionId: string): Promise<SessionEnd> => endOf(sessionId, sessions);
  const require = (profile: string, tried: string): void => {
    const names = profiles().map(({ name }) => name);
    if (!names.includes(profile)) throw unknownProfile(tried, names);
  };
  const views = async (changed: readonly Entry[]): Promise<Result<"schedule_pause">> => {
    const entries = changed
      .map(({ schedule }) => scheduler.entry(schedule))
      .filter((each) => each !== undefined);
    return { schedules: await Promise.all(entries.map((each) => viewOf(each, NEXT_RUNS, end))) };
  };
  return {
    schedule: async (params) => {
      if (params.profile !== undefined)
        require(params.profile, `show the schedule of ${quoted(params.profile)}`);
      const page = await schedulePage([...scheduler.entries], params, end);
      // With the first page.
      const retries = params.after === undefined ? followUps.retries(params.profile, MOST_RETRIES) : [];
      return { ...page, retries };
    },
    schedule_pause: async ({ until_timestamp: until, ...named }) => {
      const tried = `pause the schedule of ${quoted(named.profile)}`;
      require(named.profile, tried);
      const chosen = chooseSchedules(scheduler.entries, named, tried);
      const untilMs = until === undefined ? undefined : Date.parse(until);
      if (untilMs !== undefined && untilMs <= now()) {
        throw new AgentdError("schedule_refused", {
          tried,
          why: `${until ?? ""} is over`,
          next: "Name a later time.",
        });
      }
      await scheduler.pause(chosen, untilMs);
      return await views(chosen);
    },
    schedule_resume: async (named) => {
      const tried = `resume the schedule of ${quoted(named.profile)}`;
      require(named.profile, tried);
      const chosen = chooseSchedules(scheduler.entries, named, tried);
      await scheduler.resume(chosen);
      return await views(chosen);
    },
    schedule_skip: async (named) => {
      const tried = `skip the next run of ${quoted(named.profile)}`;
      require(named.profile, tried);
      const chosen = chooseOne(scheduler.entries, named, tried);
      await scheduler.skipNext(chosen.schedule, tried);
      return await views([chosen]);
    },
    schedule_fire: async ({ request_id: fireId, ...named }) => {
      const tried = `start a run of ${quoted(named.profile)}`;
      require(named.profile, tried);
      const { schedule } = chooseOne(scheduler.entries, named, tried);
      return await sessions.view(await scheduler.fire(schedule, fireId));
    },
  };
}

function quoted(profile: string): string {
  return `profile ${JSON.stringify(profile)}`;
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

function unknownProfile(tried: string, names: readonly string[]): AgentdError {
  return new AgentdError("unknown_profile", {
    tried,
    why: "the daemon's configuration has no such profile",
    next: `Existing profiles: ${names.join(", ")}.`,
  });
}
