/** Which sessions follow one that has ended. Pure. */
import type { EndedSession } from "../sessions/port/follow-ups.ts";

/** A session to be started. */
export type FollowUp =
  | {
      readonly kind: "retry";
      readonly profile: string;
      /** Which try it is, from 1. */
      readonly number: number;
      readonly due: string;
    }
  | { readonly kind: "chain"; readonly profile: string; readonly due: string };

/**
 * In the order in which they are due.
 *
 * @param chained names of the profiles that follow this one when it ends like this.
 */
export function followUpsOf(ended: EndedSession, chained: readonly string[]): FollowUp[] {
  const { profile, outcome, endTimestamp, retry, retryNumber } = ended;
  const followers = chained.map((name): FollowUp => ({ kind: "chain", profile: name, due: endTimestamp }));
  if (retry === undefined || retryNumber >= retry.times || !retry.on.includes(outcome)) return followers;
  const due = new Date(Date.parse(endTimestamp) + retry.delayMs).toISOString();
  return [...followers, { kind: "retry", profile, number: retryNumber + 1, due }];
}
