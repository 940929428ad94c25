import { rm, rmdir } from "node:fs/promises";
import { basename, dirname } from "node:path";
import { AgentdError, systemCode } from "../../errors.ts";
import type { UnitFile } from "../../systemd/unit-file.ts";
import { type CommandDefinition, example, FAULTS } from "../frame/command.ts";
import { type LocalContext, say } from "../frame/context.ts";
import { allowLoss, changingFiles, findService } from "../service/service-setup.ts";
import { type Fact, renderFacts } from "../words/facts.ts";
import { countText } from "../words/size-text.ts";

interface UninstallOptions {
  readonly leaveSessions?: true;
  readonly force?: true;
}

/** `agentd service uninstall`: ends the service and removes its unit, and nothing else. */
export const serviceUninstall: CommandDefinition<LocalContext> = {
  name: "service uninstall",
  faults: FAULTS,
  define: (command, start) =>
    command
      .summary("stop the service and remove its unit files")
      .description(
        "Stops the service and removes its unit files. Keeps configuration, credentials and records.\n" +
          "Refuses while sessions run or wait.",
      )
      .option("--leave-sessions", "leave sessions: running ones continue, for a daemon that you start later")
      .option("--force", "remove unit files that were edited by hand")
      .addHelpText("after", example("agentd service uninstall"))
      .action((options: UninstallOptions) => {
        start((context) => uninstall(options, context));
      }),
};

async function uninstall(options: UninstallOptions, context: LocalContext): Promise<number> {
  const tried = "uninstall the service";
  const { manager, files, configFile, credentialsFile } = await findService(tried, context);
  const there = files.filter(({ state }) => state !== "absent");
  const { unitFile, enabled } = await manager.state();
  if (there.length === 0 && unitFile === undefined) {
    await say(context, "the service is not installed");
    return 0;
  }
  if (options.leaveSessions !== true) await refuseOpenSessions(tried, context);
  await allowLoss(there, "remove", { force: options.force === true, context });
  if (unitFile !== undefined) {
    await disableWeb(manager, there);
    await manager.stop();
    if (enabled) await manager.disable();
  }
  await changingFiles(tried, () => removeUnits(there));
  await manager.readUnits();
  await context.stdout.line(
    renderFacts("the service is uninstalled", [
      ...there.map(({ path }): Fact => ["removed", path]),
      ...(configFile === undefined ? [] : [["kept", configFile] as const]),
      ["kept", credentialsFile],
      ["kept", await recordsText(context)],
      ["kept", context.stateDirectory],
      ...(await lingeringFacts(manager, context)),
    ]),
  );
  return 0;
}

async function disableWeb(
  manager: { disableUnit(unit: string): Promise<void> },
  there: readonly UnitFile[],
): Promise<void> {
  const { WEB_UNIT } = await import("../../systemd/unit-file.ts");
  if (there.some(({ path }) => basename(path) === WEB_UNIT)) await manager.disableUnit(WEB_UNIT);
}

async function refuseOpenSessions(tried: string, { stateDirectory }: LocalContext): Promise<void> {
  const { OpenIndex } = await import("../../audit/open/open-index.ts");
  const { entries, newer } = await new OpenIndex(stateDirectory).list();
  const open = entries.length + newer.length;
  if (open === 0) return;
  throw new AgentdError("sessions_open", {
    tried,
    why: `${countText(open, "session")} ${open === 1 ? "runs or waits" : "run or wait"}`,
    next: "Stop them with `agentd stop --all`. With --leave-sessions they continue, for a daemon that you start later.",
    details: { sessions: entries.map(({ id }) => id) },
  });
}

/** Removes files, and directories that become empty. */
async function removeUnits(files: readonly UnitFile[]): Promise<void> {
  for (const { path } of files) {
    await rm(path, { force: true });
    const directory = dirname(path);
    if (!basename(directory).endsWith(".d")) continue;
    await rmdir(directory).catch((error: unknown) => {
      if (systemCode(error) !== "ENOTEMPTY") throw error; // Something of the operator's own.
    });
  }
}

async function recordsText(context: LocalContext): Promise<string> {
  try {
    return await context.auditRoot();
  } catch (error) {
    if (!(error instanceof AgentdError)) throw error;
    return "the records, in the configured audit_root";
  }
}

async function lingeringFacts(
  manager: { isLingering(uid: number): Promise<boolean> },
  { installation }: LocalContext,
): Promise<Fact[]> {
  const isOn = await manager.isLingering(installation.host.uid);
  return isOn ? [["kept", "lingering; turn it off with `loginctl disable-linger`"]] : [];
}
