import type { FeedEvent } from "../events/event.ts";
import type { Judge, Told } from "./judge.ts";
import type { Memory } from "./memory.ts";

/** A target's judge. */
export interface NamedJudge {
  readonly name: string;
  readonly judge: Judge;
}

/**
 * What targets are told of events, and of the time that has gone by.
 *
 * @param memory of which `daemon_runs` is changed.
 */
export function hear(
  events: readonly FeedEvent[],
  memory: Memory,
  judges: readonly NamedJudge[],
  nowMs: number,
): { readonly name: string; readonly told: Told }[] {
  const all = (tell: (judge: Judge) => readonly Told[]) =>
    judges.flatMap(({ name, judge }) => tell(judge).map((told) => ({ name, told })));
  const heard = events.flatMap((event) => {
    const afterCrash = event.type === "daemon.started" && memory.daemon_runs === true;
    if (event.type === "daemon.started") memory.daemon_runs = true;
    if (event.type === "daemon.stopping") memory.daemon_runs = false;
    return all((judge) => judge.hear(event, nowMs, afterCrash));
  });
  return [...heard, ...all((judge) => judge.pass(nowMs))];
}
