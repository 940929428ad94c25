import { AgentdError } from "../../errors.ts";
import type { StoredVolume } from "../../volumes/volume-store.ts";
import { type CommandDefinition, example, FAULTS } from "../frame/command.ts";
import { type LocalContext, say } from "../frame/context.ts";
import { surveyVolumes, volumeStore } from "../frame/volume-survey.ts";
import { renderTable } from "../terminal/table.ts";
import { agoText } from "../words/time-text.ts";

interface PruneFlags {
  readonly yes?: true;
  readonly json?: true;
}

interface Failed {
  readonly volume: string;
  readonly reason: string;
}

/** `agentd volume prune`: removes volumes that nothing names any more. */
export const volumePrune: CommandDefinition<LocalContext> = {
  name: "volume prune",
  faults: FAULTS,
  define: (command, start) =>
    command
      .summary("remove volumes that no profile names")
      .description(
        "Shows which volumes would be removed; --yes removes them: those that no profile names and no open session has.",
      )
      .option("--yes", "remove the volumes")
      .option("--json", "print a JSON object")
      .addHelpText("after", example("agentd volume prune", "agentd volume prune --yes"))
      .action((flags: PruneFlags) => {
        start((context) => prune(flags, context));
      }),
};

async function prune({ yes, json }: PruneFlags, context: LocalContext): Promise<number> {
  const { stdout } = context;
  // Without a configuration nothing would say what is needed.
  await context.loadConfig(undefined);
  const store = await volumeStore(context);
  const unused = (await surveyVolumes(context, store)).flatMap(({ stored, profiles, openSessions }) =>
    stored === undefined || profiles.length > 0 || openSessions.length > 0 ? [] : [stored],
  );
  const failed: Failed[] = [];
  if (yes === true) {
    for (const { id } of unused) {
      try {
        await store.remove(id);
      } catch (error) {
        if (!(error instanceof AgentdError)) throw error;
        failed.push({ volume: id, reason: error.message });
      }
    }
  }
  if (json === true) await stdout.json({ removed: yes === true, volumes: unused.map(document), failed });
  else await tell(unused, yes === true ? failed : undefined, context);
  return failed.length === 0 ? 0 : 1;
}

function document({ id, directory, usedMs }: StoredVolume): object {
  return { volume: id, directory, last_used_timestamp: new Date(usedMs).toISOString() };
}

async function tell(
  unused: readonly StoredVolume[],
  failed: readonly Failed[] | undefined,
  context: LocalContext,
): Promise<void> {
  const { stdout, now } = context;
  const rows = unused.map(({ id, usedMs }) => [id, agoText(new Date(usedMs).toISOString(), now())]);
  if (rows.length > 0) await stdout.line(renderTable(["VOLUME", "LAST USED"], rows, stdout));
  const what = `${unused.length} ${unused.length === 1 ? "volume" : "volumes"}`;
  if (unused.length === 0) await say(context, "no volume to remove");
  else if (failed === undefined) await say(context, `would remove ${what}; nothing is removed without --yes`);
  else if (failed.length === 0) await say(context, `removed ${what}`);
  for (const { reason } of failed ?? []) await say(context, reason);
}
