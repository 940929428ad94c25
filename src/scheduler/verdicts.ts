import { scheduleKey } from "../schedule-id.ts";
import type { Due, Entry } from "./agenda.ts";
import { about, fireEvent, type NewEvent, skipEvent, timestampOf } from "./events.ts";
import { meetOverlap } from "./planner.ts";

/**
 * The events of what is to be done now: decisions of the planner, checked against the other runs of their schedules.
 *
 * @param waiting schedules with a waiting run.
 * @param busy keys of schedules with a session that has not ended.
 */
export function verdicts(
  due: readonly Due[],
  waiting: readonly Entry[],
  busy: ReadonlySet<string>,
): readonly NewEvent[] {
  const stillBusy = new Set(busy);
  const stillWaiting = new Set(waiting.map(({ schedule }) => scheduleKey(schedule)));
  const released = waiting.flatMap(({ schedule, state: { waitingMs, paused } }) => {
    const key = scheduleKey(schedule);
    if (waitingMs === undefined || paused !== undefined) return [];
    if (stillBusy.has(key) && schedule.overlap !== "allow") return [];
    stillWaiting.delete(key);
    stillBusy.add(key);
    return [fireEvent(schedule, waitingMs, "waited")];
  });
  const decided = due.map(({ schedule, decision }): NewEvent => {
    if (decision.kind === "resume") return { event: "resumed", ...about(schedule), reason: "time" };
    const key = scheduleKey(schedule);
    const { kind, instantMs, reason } = decision;
    if (kind === "skip") return skipEvent(schedule, instantMs, decision.untilMs, reason);
    const isBusy = stillBusy.has(key);
    const verdict = meetOverlap(schedule, { isBusy, isWaiting: stillWaiting.has(key) });
    if (verdict === "fire") {
      stillBusy.add(key);
      return fireEvent(schedule, instantMs, reason);
    }
    if (verdict !== "wait") return skipEvent(schedule, instantMs, instantMs, verdict);
    stillWaiting.add(key);
    return { event: "waiting", ...about(schedule), scheduled_timestamp: timestampOf(instantMs) };
  });
  return [...released, ...decided];
}
