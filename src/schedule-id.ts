/** Which schedule: a profile may have several, and each has a name. */

/** The name of the schedule that is written as the key `schedule`, without a table of its own. */
export const DEFAULT_SCHEDULE = "default";

export interface ScheduleId {
  readonly profile: string;
  /** Unique in its profile. */
  readonly name: string;
}

/** One text for a schedule: names of profiles and schedules have no spaces. */
export function scheduleKey({ profile, name }: ScheduleId): string {
  return `${profile} ${name}`;
}

/** @param key of `scheduleKey`. */
export function idOfKey(key: string): ScheduleId {
  const [profile = "", name = DEFAULT_SCHEDULE] = key.split(" ");
  return { profile, name };
}
