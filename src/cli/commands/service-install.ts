import { realpath } from "node:fs/promises";
import { dirname } from "node:path";
import type { Status } from "../../api/methods.ts";
import { userConfigFile } from "../../config/paths.ts";
import { commitFile, ensureDirectory, stageFile } from "../../durable-files.ts";
import { AgentdError, type ErrorCode } from "../../errors.ts";
import { ifThere } from "../../if-there.ts";
import type { FileState, UnitFile } from "../../systemd/unit-file.ts";
import type { ServiceState, UserManager } from "../../systemd/user-manager.ts";
import { type CommandDefinition, example, FAULTS } from "../frame/command.ts";
import { type LocalContext, withClient } from "../frame/context.ts";
import { ensureCredentialsFile, isOpenToOthers, writeFirstConfig } from "../service/first-settings.ts";
import { allowLoss, changingFiles, findService } from "../service/service-setup.ts";
import { printable } from "../terminal/printable.ts";
import { type Fact, renderFacts } from "../words/facts.ts";
import { ageText } from "../words/time-text.ts";

interface InstallOptions {
  readonly force?: true;
}

const LOOK_INTERVAL_MS = 500;

/** `agentd service install`: makes the daemon a service of the user, and starts it. */
export const serviceInstall: CommandDefinition<LocalContext> = {
  name: "service install",
  faults: FAULTS,
  define: (command, start) =>
    command
      .summary("install the daemon as a systemd service and start it")
      .description(
        "Installs the daemon as a systemd user service, keeps it running after you log out, starts it and " +
          "waits until it is ready. Creates a first configuration and a credentials file if they do not exist. " +
          "Existing files are kept. A changed unit restarts the service; no session is lost.",
      )
      .option("--force", "overwrite unit files that were edited by hand")
      .addHelpText("after", example("agentd service install"))
      .action((options: InstallOptions) => {
        start((context) => install(options, context));
      }),
};

async function install(options: InstallOptions, context: LocalContext): Promise<number> {
  const { uid, env } = context.installation.host;
  const tried = "install the service";
  const { manager, files, configFile, credentialsFile } = await findService(tried, context);
  if (configFile !== undefined) await context.loadConfig(configFile);
  const { labelUnitFiles } = await import("../../systemd/unit-labels.ts");
  const paths = files.map(({ path }) => path);
  await labelUnitFiles(paths, env["PATH"]);
  const before = await manager.state();
  const daemon = await runningDaemon(before, tried, context);
  await allowLoss(files, "overwrite", { force: options.force === true, context });

  const settings = await changingFiles(tried, () => writeSettings(configFile, credentialsFile, context));
  await changingFiles(tried, () => writeUnits(files));
  await labelUnitFiles(paths, env["PATH"]);
  await manager.readUnits();
  await requireReading(manager, files);
  const lingering = await linger(manager, uid);
  if (!before.enabled) await manager.enable();
  const isChanged =
    daemon?.version !== context.installation.version || files.some(({ state }) => state !== "current");
  const was = before.activeState !== "active" ? "stopped" : isChanged ? "outdated" : "current";
  if (was !== "current") await whileTelling(manager, context, manager.restart());
  if (isChanged) await restartWeb(manager);

  await context.stdout.line(
    renderFacts(title(was, await manager.state()), [
      ...files.map(({ path, state }): Fact => ["unit", `${path} (${DONE[state]})`]),
      ...settings,
      ["lingering", lingering],
    ]),
  );
  if (await isOpenToOthers(credentialsFile)) {
    await context.stdout.line(
      `\nOther users can read your credentials. Fix it with: chmod 0600 ${printable(credentialsFile)}`,
    );
  }
  if (configFile === undefined)
    await context.stdout.line(firstSteps(userConfigFile(context.installation.host), credentialsFile));
  return 0;
}

/** Has a running `agentd web` come from this installation, too; it is off until the operator starts it. */
async function restartWeb(manager: UserManager): Promise<void> {
  const { WEB_UNIT } = await import("../../systemd/unit-file.ts");
  await manager.restartUnitIfActive(WEB_UNIT);
}

const DONE: Readonly<Record<FileState, string>> = {
  absent: "written",
  current: "unchanged",
  outdated: "rewritten",
  edited: "overwritten",
};

const HOW = { current: "already runs", outdated: "was restarted", stopped: "runs" } as const;

function title(was: keyof typeof HOW, { pid, statusText }: ServiceState): string {
  return `the service ${HOW[was]} as process ${pid ?? "?"}: ${printable(statusText ?? "")}`;
}

/** Files that the operator fills in; created if they are missing. */
async function writeSettings(
  configFile: string | undefined,
  credentialsFile: string,
  { installation }: LocalContext,
): Promise<Fact[]> {
  const config = configFile ?? userConfigFile(installation.host);
  if (configFile === undefined) await writeFirstConfig(config, installation.packageDirectory);
  const madeCredentials = await ensureCredentialsFile(credentialsFile);
  return [
    ["config", `${config} (${configFile === undefined ? "created with a first profile" : "unchanged"})`],
    ["credentials", `${credentialsFile} (${madeCredentials ? "created, empty" : "unchanged"})`],
  ];
}

function firstSteps(config: string, credentials: string): string {
  return [
    "",
    "Next:",
    "  1. Check this host for missing requirements: agentd doctor",
    `  2. Define profiles in ${printable(config)}, then: agentd reload`,
    `  3. Put credentials into ${printable(credentials)}, then: agentd reload`,
    "  4. Run the first session: agentd run PROFILE",
  ].join("\n");
}

/**
 * The running daemon, of any version; undefined if none runs or it cannot be asked.
 *
 * @throws AgentdError `daemon_running` when it is not the service.
 */
async function runningDaemon(
  { pid }: ServiceState,
  tried: string,
  context: LocalContext,
): Promise<Status | undefined> {
  const status = await askStatus(context);
  if (status === undefined || status.pid === pid) return status;
  throw new AgentdError("daemon_running", {
    tried,
    why: `the socket is in use by a daemon that is not the systemd service, with pid ${status.pid}`,
    next: `Stop it first (kill ${status.pid}), then try again. If it runs with shutdown = "detach", the service continues its sessions.`,
    details: { pid: status.pid },
  });
}

const UNASKED: readonly ErrorCode[] = ["daemon_not_running", "protocol_mismatch"];

async function askStatus(context: LocalContext): Promise<Status | undefined> {
  try {
    return await withClient(context, (client) => client.call("status", {}));
  } catch (error) {
    // None runs, or one of another version, which the restart replaces.
    if (error instanceof AgentdError && UNASKED.includes(error.code)) return undefined;
    throw error;
  }
}

async function writeUnits(files: readonly UnitFile[]): Promise<void> {
  for (const { path, content } of files.filter(({ state }) => state !== "current")) {
    await ensureDirectory(dirname(path), 0o755);
    await stageFile(path, content, 0o644);
    await commitFile(path);
  }
}

/** Makes sure that the manager has read the unit that was written. */
async function requireReading(manager: UserManager, [unit]: readonly UnitFile[]): Promise<void> {
  const { unitFile } = await manager.state();
  const [wanted = "", read = ""] = [unit?.path, unitFile];
  if ((await ifThere(realpath(read))) === (await ifThere(realpath(wanted)))) return;
  throw new AgentdError("service_failed", {
    tried: `make systemd load ${wanted}`,
    why: read === "" ? "systemd does not search that directory" : `systemd loads ${read} instead`,
    next: "The service manager and this shell need the same XDG_CONFIG_HOME: set it in ~/.config/environment.d, and log in again.",
  });
}

/** The text about lingering, after everything was tried. */
async function linger(manager: UserManager, uid: number): Promise<string> {
  if (await manager.isLingering(uid)) return "on: the service keeps running after you log out";
  const refused = await manager.enableLinger(uid);
  if (refused === undefined) return "turned on: the service keeps running after you log out";
  return `off: every session ends when you log out, until root runs \`loginctl enable-linger ${uid}\` (${refused})`;
}

/** Shows on a terminal what the service does while it starts. */
async function whileTelling(manager: UserManager, context: LocalContext, work: Promise<void>): Promise<void> {
  const { stderr, now, clock } = context;
  const over = new AbortController();
  const tell = async (): Promise<void> => {
    const start = now();
    while (stderr.isTerminal && !over.signal.aborted) {
      const { statusText } = await manager.state();
      const what = statusText === undefined ? "" : `: ${printable(statusText)}`;
      await stderr.status(`agentd: the service has been starting for ${ageText(now() - start)}${what}`);
      await clock.sleep(LOOK_INTERVAL_MS, over.signal).catch(() => undefined); // It rejects when all is over.
    }
  };
  const told = tell().finally(() => stderr.clearStatus());
  try {
    await work;
  } finally {
    over.abort();
    await told;
  }
}
