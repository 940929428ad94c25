/** The sessions of this machine and of every host with a name. */
import type { SessionList } from "../../api/methods.ts";
import { AgentdError, sentence } from "../../errors.ts";
import type { ListedSession } from "../../session-document.ts";
import { type CliContext, say } from "../frame/context.ts";
import type { FilterOptions } from "../frame/session-filters.ts";

/** Options of `ps` that every host is asked with. */
export interface AskedOptions extends FilterOptions {
  readonly all?: true;
  readonly latest?: true;
  readonly last?: string;
  readonly limit?: string;
  readonly filter?: readonly string[];
}

export interface SessionsOfAll {
  readonly sessions: readonly ListedSession[];
  /** Where each of them is. */
  readonly contextOf: ReadonlyMap<ListedSession, string>;
  /** Whether every host has answered, and could show everything. */
  readonly isComplete: boolean;
}

const HERE = "local";

/**
 * Asks all of them at once, and says which did not answer.
 *
 * @param askHere asks the daemon of this machine.
 */
export async function sessionsOfAll(
  options: AskedOptions,
  askHere: () => Promise<SessionList>,
  context: CliContext,
): Promise<SessionsOfAll> {
  const { askContexts } = context;
  if (askContexts === undefined) throw new Error("this program knows no other hosts");
  const [here, others] = await Promise.all([
    answerOf(askHere()),
    askContexts(["ps", "--json", ...wordsOf(options)]),
  ]);
  const contextOf = new Map<ListedSession, string>();
  let isComplete = true;
  const tell = async (name: string, why: string): Promise<void> => {
    isComplete = false;
    await say(context, `${name} did not answer: ${why}`);
  };
  if (here instanceof AgentdError) {
    // Many operators' machines run no sessions.
    const runsSessions = here.code !== "daemon_not_running" || others.length === 0;
    if (runsSessions) await tell(HERE, sentence(here));
  } else {
    for (const session of here.sessions) contextOf.set(session, HERE);
    for (const { record, why } of here.unreadable) await tell(HERE, `${record} is not listed: ${why}`);
  }
  for (const answer of others) {
    if (answer.exitCode === undefined) {
      await tell(answer.context, sentence(answer.error));
      continue;
    }
    for (const session of JSON.parse(answer.stdout) as ListedSession[])
      contextOf.set(session, answer.context);
    if (answer.exitCode !== 0) await tell(answer.context, answer.stderr.trim());
  }
  return { sessions: [...contextOf.keys()], contextOf, isComplete };
}

async function answerOf(answer: Promise<SessionList>): Promise<SessionList | AgentdError> {
  try {
    return await answer;
  } catch (error) {
    if (error instanceof AgentdError) return error;
    throw error;
  }
}

function wordsOf({
  all,
  latest,
  last,
  limit,
  filter = [],
  failed,
  profile,
  since,
  until,
}: AskedOptions): string[] {
  const flags = Object.entries({ "--all": all, "--latest": latest, "--failed": failed });
  const values = Object.entries({
    ...{ "--last": last, "--limit": limit, "--profile": profile, "--since": since, "--until": until },
  });
  return [
    ...flags.flatMap(([flag, isSet]) => (isSet === true ? [flag] : [])),
    ...values.flatMap(([option, value]) => (value === undefined ? [] : [option, value])),
    ...filter.flatMap((each) => ["--filter", each]),
  ];
}
