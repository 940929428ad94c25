/** How commands are told which session they are about: by a name, or with --latest. */
import type { Command } from "commander";
import { AgentdError } from "../../errors.ts";
import type { Caller } from "../../rpc/client.ts";
import type { CliContext } from "./context.ts";
import { explainingLoss } from "./session-end.ts";

/** The session as it was named; undefined means the newest of all. */
export type NamedSession = string | undefined;

export interface LatestOption {
  readonly latest?: true;
}

const WHOLE_ID = /^[0-9a-f]{16}$/;

const NAMES = "session id or an unambiguous part of it, or a profile for its newest session";

/** Below the help of every command that is about a session. */
const HOW_TO_NAME =
  "\nName a session by its id or by four or more digits of it, such as the last six, which tables show. The exact name\n" +
  "of a profile selects its newest session, even if it could be part of an id.";

/** Adds the argument SESSION and the option --latest. */
export function takingSession(command: Command): Command {
  return command
    .argument("[session]", NAMES)
    .option("-l, --latest", "use the newest session of all profiles")
    .addHelpText("after", HOW_TO_NAME);
}

/** Adds the argument SESSION..., for one session or several, and the option --latest. */
export function takingSessions(command: Command): Command {
  return command
    .argument("[session...]", NAMES)
    .option("-l, --latest", "use the newest session of all profiles")
    .addHelpText("after", HOW_TO_NAME);
}

/**
 * The sessions that the command line names, in its order.
 *
 * @throws CommanderError when it names none, or the newest besides others.
 */
export function namedSessions(
  names: readonly string[],
  { latest }: LatestOption,
  command: Command,
): NamedSession[] {
  if (names.length === 0 && latest === undefined) command.error("error: missing required argument 'session'");
  if (names.length > 0 && latest === true) command.error("error: give sessions or --latest, not both");
  return latest === true ? [undefined] : [...new Set(names)];
}

/**
 * The session that the command line names.
 *
 * @throws CommanderError when it names none, or two.
 */
export function namedSession(
  name: string | undefined,
  { latest = false }: { readonly latest?: boolean | undefined },
  command: Command,
): NamedSession {
  if (name === undefined && !latest) command.error("error: missing required argument 'session'");
  if (name !== undefined && latest) command.error("error: give a session or --latest, not both");
  return name;
}

/**
 * What the daemon is asked for: a name as it was typed, and the id of the newest session.
 *
 * @throws AgentdError `unknown_session` when there is no session at all.
 */
export async function askedSession(client: Caller, named: NamedSession): Promise<string> {
  if (named !== undefined) return named;
  const { sessions, unreadable } = await client.call("list", { all: true, limit: 1 });
  const [newest] = [...sessions, ...unreadable];
  if (newest !== undefined) return newest.session_id;
  throw new AgentdError("unknown_session", {
    tried: "find the newest session",
    why: "there are no sessions yet",
    next: "Start one with `agentd run`.",
  });
}

/**
 * The ids of sessions, each once, as `sessionIdOf`: also when the command is started once more for an operator whose
 * connection was cut, and the names mean other sessions by then.
 */
export async function lastingIdsOf(
  client: Caller,
  named: readonly NamedSession[],
  { away }: Pick<CliContext, "away">,
): Promise<string[]> {
  const find = async (): Promise<string> => {
    const ids = new Set<string>();
    for (const each of named) ids.add(await sessionIdOf(client, each));
    return [...ids].join(" ");
  };
  return (await (away === undefined ? find() : away.once(find))).split(" ");
}

/**
 * The id of the session that is meant now: for commands whose requests may be repeated by the next daemon, when a profile
 * may have a newer session.
 *
 * @throws AgentdError as the method `show`.
 */
export async function sessionIdOf(client: Caller, named: NamedSession): Promise<string> {
  const asked = await askedSession(client, named);
  if (WHOLE_ID.test(asked)) return asked;
  const { session_id: id } = await explainingLoss(client.call("show", { session: asked }), {
    tried: `find session ${asked}`,
    next: "Once a daemon answers, `agentd ps -a` shows the sessions.",
  });
  return id;
}
