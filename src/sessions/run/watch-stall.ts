import { stat } from "node:fs/promises";
import { ifThere } from "../../if-there.ts";
import type { SessionParts } from "../parts/session-parts.ts";
import { sleepUntil } from "../port/sleep.ts";
import { type Activity, StallJudge } from "./stall-judge.ts";

/** How many looks there are in the time after which a command counts as stalled. */
const LOOKS = 10;
const SHORTEST_PAUSE_MS = 250;
const LONGEST_PAUSE_MS = 60_000;

/** What is told once for each session, however often it stalls. */
function warningOf(why: string): string {
  return `The session stalled: ${why}.`;
}

/**
 * Notices when a running command gets nowhere: a line in the journal, a warning in the record, a reason in the view, and,
 * where the profile says so, the end of the command. A later daemon counts from its own start.
 *
 * @param signal ends the watch.
 */
export function watchStall(parts: SessionParts, ref: string, signal: AbortSignal): void {
  const { plan, log } = parts;
  const { stallMs } = plan.profile;
  if (stallMs === undefined) return;
  watch(parts, ref, stallMs, signal).catch((error: unknown) =>
    log.error({ error }, "cannot watch whether the session gets on"),
  );
}

async function watch(parts: SessionParts, ref: string, stallMs: number, signal: AbortSignal): Promise<void> {
  const { host, job, plan, record, standing, orders, stallClock } = parts;
  const { clock, executor } = host;
  const { profile } = plan;
  const judge = new StallJudge(stallClock.now());
  const pauseMs = Math.min(Math.max(stallMs / LOOKS, SHORTEST_PAUSE_MS), LONGEST_PAUSE_MS);
  const what = whyOf(stallMs, profile.llm !== undefined);
  let isStalled = false;
  do {
    const { size = 0 } = (await ifThere(stat(record.consoleLogPath))) ?? {};
    const activity: Activity = { outputBytes: size, ...(await executor.activity(job, ref)) };
    if (signal.aborted) return;
    const idleMs = judge.look(stallClock.now(), activity);
    if (isStalled && idleMs < stallMs) {
      isStalled = false;
      standing.activity = undefined;
      await standing.note("stall_over", {});
    }
    if (isStalled || idleMs < stallMs) continue;
    isStalled = true;
    standing.activity = `stalled: ${what}`;
    const told = record.document.warnings.includes(warningOf(what));
    const warnings = told ? [] : [warningOf(what)];
    await record.update({ warnings: [...record.document.warnings, ...warnings] }, { persist: false });
    await standing.note("stalled", {
      idle_ms: Math.round(idleMs),
      stop: profile.onStall === "stop",
      warnings,
    });
    if (profile.onStall !== "stop") continue;
    await orders.give({ outcome: "stalled", cause: what, graceMs: profile.graceMs });
    return;
  } while (await sleepUntil(clock.monotonic() + pauseMs, { clock, signal }));
}

function whyOf(stallMs: number, hasLlm: boolean): string {
  const model = hasLlm ? "no answered request to a model" : "no output";
  return `${model} and no processor time to speak of for ${stallMs / 1000} s`;
}
