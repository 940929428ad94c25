import type { Due, Entry } from "./agenda.ts";
import { fireEvent, type NewEvent, skipEvent, timestampOf } from "./events.ts";
import { meetOverlap } from "./planner.ts";

/**
 * The events of what is to be done now: decisions of the planner, checked against the other runs of their profiles.
 *
 * @param waiting profiles with a waiting run.
 * @param busy profiles with a scheduled session that has not ended.
 */
export function verdicts(
  due: readonly Due[],
  waiting: readonly Entry[],
  busy: ReadonlySet<string>,
): readonly NewEvent[] {
  const stillBusy = new Set(busy);
  const stillWaiting = new Set(waiting.map(({ schedule }) => schedule.profile));
  const released = waiting.flatMap((entry) => {
    const { profile, overlap } = entry.schedule;
    if (entry.state.waitingMs === undefined || (stillBusy.has(profile) && overlap !== "allow")) return [];
    stillWaiting.delete(profile);
    stillBusy.add(profile);
    return [fireEvent(profile, entry.state.waitingMs, "waited")];
  });
  const decided = due.map(({ schedule, decision }) => {
    const { profile } = schedule;
    const { kind, instantMs, reason } = decision;
    if (kind === "skip") return skipEvent(profile, instantMs, decision.untilMs, reason);
    const isBusy = stillBusy.has(profile);
    const verdict = meetOverlap(schedule, { isBusy, isWaiting: stillWaiting.has(profile) });
    if (verdict === "fire") {
      stillBusy.add(profile);
      return fireEvent(profile, instantMs, reason);
    }
    if (verdict !== "wait") return skipEvent(profile, instantMs, instantMs, verdict);
    stillWaiting.add(profile);
    return { event: "waiting", profile, scheduled_timestamp: timestampOf(instantMs) } as const;
  });
  return [...released, ...decided];
}
