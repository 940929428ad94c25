/** What a request asks for, whether it may, and how it is capped. */
import type { Judge, JudgedRequest, Route } from "./types.ts";

/**
 * Judges the body of a request whose route is not `local`.
 *
 * @throws Refusal where it may not be sent.
 */
export function judge(route: Route, body: Buffer, rules: Judge): JudgedRequest {
  throw new Error(`not built yet: ${route.name} ${body.length} ${rules.models.length}`);
}

/**
 * The tokens of input to reserve: by the body's bytes, or by the model's context window where bytes bound nothing.
 *
 * @param contextWindow undefined when unknown.
 * @throws Refusal where nothing bounds it and the profile is exact.
 */
export function inputToReserve(
  judged: JudgedRequest,
  contextWindow: number | undefined,
  exact: boolean,
): number {
  throw new Error(`not built yet: ${judged.model} ${contextWindow ?? ""} ${exact}`);
}
