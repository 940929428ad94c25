/** When a profile runs by itself. */
import * as z from "zod";
import { cronFault } from "../rules/cron-expression.ts";
import { durationMs, graceMs } from "../rules/durations.ts";
import { duration, grace, rule } from "../rules/field-rules.ts";
import { key, parsed, plain, shown } from "./key.ts";

const MISSED = z.enum(["skip", "once"]);
const OVERLAPS = z.enum(["allow", "skip", "queue"]);

const optionalText = z.string().optional();

export const WHEN_IT_RUNS = {
  schedule: shown(
    "schedule",
    plain(
      "schedule",
      optionalText,
      z.string().superRefine(rule(cronFault)).optional().describe("When to run by itself: five-field cron."),
    ),
  ),
  timezone: plain(
    "timezone",
    optionalText,
    z.string().optional().describe("Time zone that the schedule is meant in. Default: the daemon's."),
  ),
  missed: plain(
    "missed",
    MISSED,
    MISSED.default("skip").describe(
      "Runs of the schedule that were missed, because the daemon or the machine did not run: not made up for, or the last of them once.",
    ),
  ),
  catchup_window: key(
    "catchupWindowMs",
    duration()
      .default("24h")
      .describe('How old a missed run may be to be made up for, with missed = "once".'),
    z.number(),
    (written) => parsed(written, durationMs),
  ),
  overlap: plain(
    "overlap",
    OVERLAPS,
    OVERLAPS.default("allow").describe(
      "When the schedule's session before has not ended: run beside it, skip the run, or let one run wait for its end.",
    ),
  ),
  jitter: key(
    "jitterMs",
    grace()
      .default("0s")
      .describe("Runs of the schedule begin by up to so much later, each by its own time."),
    z.number(),
    (written) => parsed(written, graceMs),
  ),
};
