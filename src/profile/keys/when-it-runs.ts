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
      z
        .string()
        .superRefine(rule(cronFault))
        .optional()
        .describe("When to run the profile automatically: a cron expression with five fields."),
    ),
  ),
  timezone: plain(
    "timezone",
    optionalText,
    z.string().optional().describe("Time zone of the schedule. Default: the daemon's."),
  ),
  missed: plain(
    "missed",
    MISSED,
    MISSED.default("skip").describe(
      "What to do with runs missed while the daemon or the machine was not running: skip them, or start the last one once.",
    ),
  ),
  catchup_window: key(
    "catchupWindowMs",
    duration()
      .default("24h")
      .describe('Maximum age of a missed run that is still started, with missed = "once".'),
    z.number(),
    (written) => parsed(written, durationMs),
  ),
  overlap: plain(
    "overlap",
    OVERLAPS,
    OVERLAPS.default("allow").describe(
      "What to do if the schedule's previous session has not ended: run beside it, skip the run, or queue one run until it ends.",
    ),
  ),
  jitter: key(
    "jitterMs",
    grace().default("0s").describe("Maximum delay of a scheduled run; each run has its own delay."),
    z.number(),
    (written) => parsed(written, graceMs),
  ),
};
