import { AgentdError } from "../../errors.ts";
import type { Caller } from "../../rpc/client.ts";
import { askList } from "../frame/ask-list.ts";
import { type CommandDefinition, example, FAULTS } from "../frame/command.ts";
import { type CliContext, say, withPersistentClient } from "../frame/context.ts";
import { lastingIdsOf, type LatestOption, takingSessions } from "../frame/session-argument.ts";
import { isKept } from "../words/kept-text.ts";
import { sizeText } from "../words/size-text.ts";

interface RmOptions extends LatestOption {
  readonly all?: true;
  readonly force?: true;
}

/** `agentd rm`: removes what is kept of ended sessions. */
export const rm: CommandDefinition = {
  name: "rm",
  aliases: ["remove"],
  faults: FAULTS,
  define: (command, start) =>
    takingSessions(command)
      .summary("remove what is kept of ended sessions")
      .description(
        "Removes the containers and clones that are kept of ended sessions, and never their records:\n" +
          "`agentd audit prune` removes those. Sessions that are not kept have nothing to remove.",
      )
      .option("-a, --all", "remove what is kept of every session")
      .option("-f, --force", "also of a session that somebody has entered")
      .addHelpText("after", example("agentd rm e81234", "agentd rm --all"))
      .action((sessions: readonly string[], options: RmOptions) => {
        start((context) => removeSessions(sessions, options, context));
      }),
};

/** Every name is looked up before anything is removed: a misspelt one removes nothing. */
async function removeSessions(
  sessions: readonly string[],
  options: RmOptions,
  context: CliContext,
): Promise<number> {
  const given = [sessions.length > 0 || undefined, options.latest, options.all];
  if (given.filter((each) => each !== undefined).length !== 1) throw notOne();
  const force = options.force === true;
  return await withPersistentClient(context, async (client) => {
    const named = sessions.length > 0 ? sessions : [undefined];
    const ids =
      options.all === true ? await keptSessions(client) : await lastingIdsOf(client, named, context);
    if (ids.length === 0) await say(context, "nothing is kept of any session");
    const failures: unknown[] = [];
    for (const session of ids) {
      try {
        const { bytes } = await client.call("remove", { session, force });
        await say(context, `session ${session} is not kept any more: ${sizeText(bytes)} are free`);
      } catch (error) {
        if (ids.length === 1 || !(error instanceof AgentdError)) throw error;
        failures.push(error);
        await say(context, error.next === undefined ? error.message : `${error.message}. ${error.next}`);
      }
    }
    return failures.length === 0 ? 0 : 1;
  });
}

async function keptSessions(client: Caller): Promise<string[]> {
  const { sessions } = await askList(client, { all: true, limit: Infinity }, isKept);
  return sessions.map(({ session_id: id }) => id);
}

function notOne(): AgentdError {
  return new AgentdError("usage", {
    tried: "select sessions to remove",
    why: "give sessions, --latest or --all",
  });
}
