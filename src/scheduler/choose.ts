import { AgentdError } from "../errors.ts";
import { DEFAULT_SCHEDULE } from "../schedule-id.ts";
import type { Entry } from "./agenda.ts";

/** Schedules as an operator names them. */
export interface NamedSchedules {
  readonly profile: string;
  /** Undefined: all schedules of the profile. */
  readonly name?: string | undefined;
}

/**
 * @param tried what for, as a phrase after "cannot".
 * @returns the schedules that are meant, at least one.
 * @throws AgentdError `unknown_schedule`.
 */
export function chooseSchedules(
  entries: Iterable<Entry>,
  { profile, name }: NamedSchedules,
  tried: string,
): readonly Entry[] {
  const all = [...entries].filter(({ schedule }) => schedule.profile === profile);
  const chosen = name === undefined ? all : all.filter(({ schedule }) => schedule.name === name);
  if (chosen.length > 0) return chosen;
  throw new AgentdError("unknown_schedule", {
    tried,
    why:
      all.length === 0
        ? `profile ${JSON.stringify(profile)} has no schedule`
        : `profile ${JSON.stringify(profile)} has no schedule ${JSON.stringify(name)}`,
    next: all.length === 0 ? "`agentd schedule` lists those that have one." : `It has: ${namesOf(all)}.`,
  });
}

/** As `chooseSchedules`, for what is done to one schedule alone. */
export function chooseOne(entries: Iterable<Entry>, named: NamedSchedules, tried: string): Entry {
  const chosen = chooseSchedules(entries, named, tried);
  const [one] = chosen;
  if (one !== undefined && chosen.length === 1) return one;
  throw new AgentdError("unknown_schedule", {
    tried,
    why: `profile ${JSON.stringify(named.profile)} has several schedules`,
    next: `Name one of them: ${namesOf(chosen)}.`,
  });
}

function namesOf(entries: readonly Entry[]): string {
  return entries
    .map(({ schedule: { name } }) =>
      name === DEFAULT_SCHEDULE ? `${name} (the one that the key schedule sets)` : name,
    )
    .join(", ");
}
