/** `--filter KEY=VALUE` of `agentd ps`, as users of podman and docker type it. */
import { AgentdError } from "../../errors.ts";
import type { ListedSession } from "../../session-document.ts";

type Predicate = (session: ListedSession, value: string) => boolean;

const same =
  (valueOf: (session: ListedSession) => string | number | null): Predicate =>
  (session, value) =>
    String(valueOf(session) ?? "") === value;

const standing: Predicate = ({ state, outcome }, value) =>
  value === "exited" ? state === "sealed" : value === state || value === outcome;

/** By key; several keys may mean the same. */
const PREDICATES: Readonly<Record<string, Predicate>> = {
  id: ({ session_id: id }, value) => value !== "" && id.includes(value),
  profile: same(({ profile }) => profile),
  name: same(({ profile }) => profile),
  state: standing,
  status: standing,
  outcome: same(({ outcome }) => outcome),
  exit_code: same(({ exit_code: code }) => code),
  exited: same(({ exit_code: code }) => code),
  work_unit: same(({ work_unit: unit }) => unit),
  trigger: same(({ trigger }) => trigger),
  image: same(({ image }) => image),
  ancestor: same(({ image }) => image),
  repo: same(({ repo_url: url }) => url),
  ref: same(({ ref }) => ref),
  // Also of a daemon that is older, and has no such field.
  kept: ({ kept }, value) => String((kept ?? null) !== null) === value,
};

/** Of what only sealed sessions have. */
const OF_ENDED = ["outcome", "exit_code", "exited", "kept"];
const OPEN_STATES = ["queued", "preparing", "running", "finishing"];

export interface ChosenSessions {
  /** Whether sealed sessions are asked for. */
  readonly withSealed: boolean;
  readonly matches: (session: ListedSession) => boolean;
}

/**
 * Sessions that match one value of each key.
 *
 * @throws AgentdError `usage`.
 */
export function chosenBy(filters: readonly string[]): ChosenSessions {
  const byKey = new Map<string, string[]>();
  for (const filter of filters) {
    const at = filter.indexOf("=");
    const key = filter.slice(0, at).replaceAll("-", "_");
    if (at <= 0 || !Object.hasOwn(PREDICATES, key)) throw unknownFilter(filter);
    byKey.set(key, [...(byKey.get(key) ?? []), filter.slice(at + 1)]);
  }
  const asked = [...byKey];
  return {
    withSealed: asked.some(([key, values]) => OF_ENDED.includes(key) || isOfEnded(key, values)),
    matches: (session) =>
      asked.every(([key, values]) => values.some((value) => PREDICATES[key]?.(session, value) === true)),
  };
}

function isOfEnded(key: string, values: readonly string[]): boolean {
  return ["state", "status"].includes(key) && values.some((value) => !OPEN_STATES.includes(value));
}

function unknownFilter(filter: string): AgentdError {
  return new AgentdError("usage", {
    tried: `use ${JSON.stringify(filter)} for --filter`,
    why: "it takes KEY=VALUE",
    next: `Keys: ${Object.keys(PREDICATES).join(", ")}.`,
  });
}
