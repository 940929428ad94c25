/** What follows a session of a profile by itself: another try, or a session of another profile. */
import * as z from "zod";
import { type Outcome, OUTCOMES } from "../../outcome.ts";
import { graceMs } from "../rules/durations.ts";
import { grace } from "../rules/field-rules.ts";
import { key, parsed, plain } from "./key.ts";

const TIMES_RULE = "must be a whole number from 1 to 100";

/** Where trying again mostly helps: the host or a service was not ready, and the agent has done nothing wrong. */
const RETRIED: readonly Outcome[] = ["infrastructure_failure", "launch_failed"];

const outcomes = z.array(z.enum(OUTCOMES)).min(1, "must have at least one outcome");

const keptOutcomes = z.array(z.enum(OUTCOMES)).readonly();

const writtenRetry = z.strictObject({
  on: outcomes.default([...RETRIED]).describe("Outcomes after which the session is tried again."),
  times: z
    .int(TIMES_RULE)
    .min(1, TIMES_RULE)
    .max(100, TIMES_RULE)
    .default(2)
    .describe("How often it is tried again at most."),
  delay: grace().default("10m").describe("Time between the end of a session and the next try."),
});

const writtenChain = z.strictObject({
  after: z
    .array(z.string())
    .min(1, "must have at least one profile")
    .describe("Profiles whose sessions are followed by one of this profile."),
  on: outcomes.default(["success"]).describe("Outcomes of those sessions that are followed."),
});

export const FOLLOW_UPS = {
  retry: key(
    "retry",
    writtenRetry
      .optional()
      .describe("Tries a session again that has failed.")
      .meta({ type_in_words: "table" }),
    z.strictObject({ on: keptOutcomes, times: z.int(), delayMs: z.number() }).readonly().optional(),
    (written) => written && { on: written.on, times: written.times, delayMs: parsed(written.delay, graceMs) },
  ),
  chain: plain(
    "chain",
    z
      .strictObject({ after: z.array(z.string()).readonly(), on: keptOutcomes })
      .readonly()
      .optional(),
    writtenChain
      .optional()
      .describe("Starts a session when one of another profile has ended.")
      .meta({ type_in_words: "table" }),
  ),
};
