import type { Happening } from "../../web/words/page-answers.ts";

/** Whether something changes what lists of sessions show. Refusals and budgets do not. */
export function isOfInterest({ type }: Happening): boolean {
  return /^(?:session|schedule|daemon|config|record|publish)\./.test(type);
}

/** Whether profiles and schedules may be others now. */
export function isReload({ type }: Happening): boolean {
  return type === "config.reloaded";
}
