/**
 * The one list of what a profile has. Each key says how it is written in `[[profiles]]`, what agentd keeps of it (in
 * memory, and in the plan of an accepted session), and whether the daemon shows it. Types and schemas of all of these
 * are derived from here: a key that is added here is nowhere forgotten.
 */
import { AFTER } from "./keys/after.ts";
import { CONTAINER } from "./keys/container.ts";
import { FOLLOW_UPS } from "./keys/follow-ups.ts";
import { HOME } from "./keys/home.ts";
import { HOW_IT_ENDS } from "./keys/how-it-ends.ts";
import { KEEPING } from "./keys/keeping.ts";
import { LIMITS } from "./keys/limits.ts";
import { LLM } from "./keys/llm.ts";
import { PLACEMENT } from "./keys/placement.ts";
import { PUBLISHING } from "./keys/publishing.ts";
import { SCHEDULES } from "./keys/schedules.ts";
import { SURROUNDINGS } from "./keys/surroundings.ts";
import { VOLUMES } from "./keys/volumes.ts";
import { WEBHOOKS } from "./keys/webhooks.ts";
import { WHAT_COMES_OUT } from "./keys/what-comes-out.ts";
import { WHAT_RUNS } from "./keys/what-runs.ts";
import { WHEN_IT_RUNS } from "./keys/when-it-runs.ts";
import { WORKSPACE } from "./keys/workspace.ts";

/** In the order of the documentation. */
export const PROFILE_KEYS = {
  ...WHAT_RUNS,
  ...WORKSPACE,
  ...WHEN_IT_RUNS,
  ...SCHEDULES,
  ...FOLLOW_UPS,
  ...WEBHOOKS,
  ...LIMITS,
  ...HOW_IT_ENDS,
  ...SURROUNDINGS,
  ...VOLUMES,
  ...CONTAINER,
  ...LLM,
  ...HOME,
  ...WHAT_COMES_OUT,
  ...PUBLISHING,
  ...AFTER,
  ...KEEPING,
  ...PLACEMENT,
};

export type ProfileKeys = typeof PROFILE_KEYS;
