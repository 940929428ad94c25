import { AgentdError } from "../../errors.ts";
import { type CommandDefinition, example, FAULTS } from "../frame/command.ts";
import { type LocalContext, say } from "../frame/context.ts";
import { type SurveyedVolume, surveyVolumes, volumeStore } from "../frame/volume-survey.ts";

interface RemoveFlags {
  readonly json?: true;
}

/** `agentd volume rm`: removes volumes that no open session has. */
export const volumeRm: CommandDefinition<LocalContext> = {
  name: "volume rm",
  faults: FAULTS,
  define: (command, start) =>
    command
      .summary("remove volumes")
      .argument(
        "<volume...>",
        "names, such as site-builder/npm-cache; the last part is enough where it is the only one",
      )
      .description(
        "Removes volumes with all that is in them. A volume that an open session has, or will have, is refused, and nothing\n" +
          "is removed then. The next session of a profile that names a volume makes it anew.",
      )
      .option("--json", "print a JSON object")
      .addHelpText("after", example("agentd volume rm npm-cache", "agentd volume rm @shared/go-modules"))
      .action((names: string[], flags: RemoveFlags) => {
        start((context) => remove(names, flags, context));
      }),
};

async function remove(
  names: readonly string[],
  { json }: RemoveFlags,
  context: LocalContext,
): Promise<number> {
  const store = await volumeStore(context);
  const volumes = await surveyVolumes(context, store);
  const wanted = [...new Set(names.map((name) => findVolume(name, volumes)))];
  for (const volume of wanted) requireUnused(volume);
  for (const { id } of wanted) await store.remove(id);
  const removed = wanted.map(({ id }) => id);
  if (json === true) await context.stdout.json({ removed });
  else for (const id of removed) await say(context, `removed ${id}`);
  return 0;
}

function findVolume(name: string, volumes: readonly SurveyedVolume[]): SurveyedVolume {
  const stored = volumes.filter(({ stored }) => stored !== undefined);
  const found = stored.filter(({ id }) => id === name || id.endsWith(`/${name}`));
  const [only] = found;
  if (only !== undefined && found.length === 1) return only;
  throw new AgentdError("unknown_volume", {
    tried: `remove the volume ${name}`,
    why:
      only === undefined
        ? "there is none of that name"
        : `it may be any of ${found.map(({ id }) => id).join(", ")}`,
    next: "See `agentd volume ls`.",
  });
}

function requireUnused({ id, openSessions }: SurveyedVolume): void {
  if (openSessions.length === 0) return;
  const sessions = openSessions.join(", ");
  throw new AgentdError("volume_in_use", {
    tried: `remove the volume ${id}`,
    why:
      openSessions.length === 1
        ? `session ${sessions} has it, or will have it`
        : `sessions ${sessions} have it, or will have it`,
    next: "Wait until the session has ended, or stop it with `agentd stop`.",
  });
}
