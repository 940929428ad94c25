import { type CommandDefinition, example, FAULTS } from "../frame/command.ts";
import type { LocalContext } from "../frame/context.ts";
import { type SurveyedVolume, surveyVolumes, volumeStore } from "../frame/volume-survey.ts";
import { renderTable } from "../terminal/table.ts";
import { sizeText } from "../words/size-text.ts";
import { agoText } from "../words/time-text.ts";

interface ListFlags {
  readonly json?: true;
}

/** A volume with what it takes on the disk; null where that cannot be measured, or there is nothing. */
interface Listed extends SurveyedVolume {
  readonly bytes: number | null;
}

const HEADERS = ["VOLUME", "SIZE", "LIMIT", "LAST USED", "PROFILES", "SESSIONS"];

/** `agentd volume ls`: the volumes of profiles. */
export const volumeLs: CommandDefinition<LocalContext> = {
  name: "volume ls",
  faults: FAULTS,
  define: (command, start) =>
    command
      .summary("list the volumes of profiles")
      .description(
        "Lists the volumes that exist and those that profiles name, with what they take on the disk and the open sessions\n" +
          "that have them. A volume is named after its profile, or begins with @shared/.",
      )
      .option("--json", "print a JSON array")
      .addHelpText("after", example("agentd volume ls", "agentd volume ls --json"))
      .action((flags: ListFlags) => {
        start((context) => list(flags, context));
      }),
};

async function list({ json }: ListFlags, context: LocalContext): Promise<number> {
  const { stdout, now } = context;
  const volumes = await surveyVolumes(context, await volumeStore(context));
  const listed: Listed[] = [];
  for (const volume of volumes) listed.push({ ...volume, bytes: await bytesOf(volume, context) });
  if (json === true) await stdout.json(listed.map(document));
  else if (listed.length === 0 && stdout.isTerminal)
    await stdout.line("There are no volumes, and no profile names one.");
  else
    await stdout.line(
      renderTable(
        HEADERS,
        listed.map((each) => row(each, now())),
        stdout,
        { givesWay: "SESSIONS" },
      ),
    );
  return 0;
}

/** In Podman's user namespace: a session can close its directories to its own user. */
async function bytesOf(
  { stored }: SurveyedVolume,
  { installation: { host } }: LocalContext,
): Promise<number | null> {
  if (stored === undefined) return null;
  const [{ podmanProgram }, { bytesOfTrees }] = await Promise.all([
    import("../../podman/host/engine-report.ts"),
    import("../../podman/containers/disk-use.ts"),
  ]);
  // Without Podman the rest is still worth seeing.
  return await bytesOfTrees(podmanProgram(host.env, undefined), [stored.directory]).catch(() => null);
}

function document({ id, stored, bytes, limitBytes, profiles, openSessions }: Listed): object {
  return {
    volume: id,
    directory: stored?.directory ?? null,
    size_bytes: bytes,
    limit_bytes: limitBytes ?? null,
    last_used_timestamp: stored === undefined ? null : new Date(stored.usedMs).toISOString(),
    profiles,
    open_sessions: openSessions,
  };
}

function row({ id, stored, bytes, limitBytes, profiles, openSessions }: Listed, nowMs: number): string[] {
  const listed = (names: readonly string[]): string => (names.length === 0 ? "-" : names.join(", "));
  return [
    id,
    bytes === null ? "-" : sizeText(bytes),
    limitBytes === undefined ? "-" : sizeText(limitBytes),
    stored === undefined ? "never" : agoText(new Date(stored.usedMs).toISOString(), nowMs),
    listed(profiles),
    listed(openSessions),
  ];
}
