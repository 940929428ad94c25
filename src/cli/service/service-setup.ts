/**
 * The service of this user, as the commands of `agentd service` find it.
 */
import { realpath } from "node:fs/promises";
import { join, resolve } from "node:path";
import { platform } from "node:process";
import { credentialsFile, findConfigFile, userUnitDirectory } from "../../config/paths.ts";
import type { SocketOptions } from "../../config/socket-path.ts";
import { AgentdError } from "../../errors.ts";
import { ifThere } from "../../if-there.ts";
import { requireOrdinaryUser } from "../../ordinary-user.ts";
import type { UnitFile } from "../../systemd/unit-file.ts";
import type { UserManager } from "../../systemd/user-manager.ts";
import type { Installation, LocalContext } from "../frame/context.ts";
import { printable } from "../terminal/printable.ts";

/** Names of Node.js that stay when another version of the system's package takes the place of this one. */
const LASTING_NAMES = ["/usr/bin/node", "/usr/local/bin/node"];

export interface Service {
  readonly manager: UserManager;
  /** The service's own unit file first. */
  readonly files: readonly UnitFile[];
  /** The daemon's configuration; undefined when there is none yet. */
  readonly configFile: string | undefined;
  /** Where credentials are looked for. */
  readonly credentialsFile: string;
}

/**
 * Looks at what there is of the service.
 *
 * @param tried what for, as a phrase after "cannot".
 * @throws AgentdError `root_refused`, `service_manager_missing`, `config_not_found` for a file that was named.
 */
export async function findService(tried: string, { installation }: LocalContext): Promise<Service> {
  const { host, packageDirectory } = installation;
  requireOrdinaryUser({ platform, uid: host.uid }, tried);
  const [{ UserManager }, { startedCommand, unitFiles }] = await Promise.all([
    import("../../systemd/user-manager.ts"),
    import("../../systemd/unit-file.ts"),
  ]);
  const manager = await UserManager.find(host.env, tried, join(packageDirectory, "examples"));
  const directory = userUnitDirectory(host);
  const options = namedOptions(installation, await startedCommand(directory));
  return {
    manager,
    files: await unitFiles({
      templates: join(packageDirectory, "systemd"),
      directory,
      command: await serviceCommand(installation, options),
    }),
    configFile: findConfigFile(host, options.config),
    credentialsFile: credentialsFile(host),
  };
}

/**
 * Makes sure that edited files may be overwritten or removed.
 *
 * @param what to do with them, such as "overwrite".
 * @throws AgentdError `service_file_edited` when they may not.
 */
export async function allowLoss(
  files: readonly UnitFile[],
  what: "overwrite" | "remove",
  { force, context }: { readonly force: boolean; readonly context: LocalContext },
): Promise<void> {
  for (const { path } of files.filter(({ state }) => state === "edited")) {
    const question = `${printable(path)} was edited since agentd wrote it. ${what} it?`;
    if (force || (await context.confirm?.(`agentd: ${question}`)) === true) continue;
    throw new AgentdError("service_file_edited", {
      tried: `${what} ${path}`,
      why: "it was edited since agentd wrote it",
      next:
        `Keep your changes in a drop-in: create it with \`systemctl --user edit agentd\`. ` +
        `--force will ${what} the file.`,
      details: { path },
    });
  }
}

/** Runs a function that changes files; its failures become errors of the service. */
export async function changingFiles<T>(tried: string, change: () => Promise<T>): Promise<T> {
  try {
    return await change();
  } catch (cause) {
    throw new AgentdError("service_failed", {
      tried,
      why: cause instanceof Error ? cause.message : String(cause),
      next: "Make sure that you own your configuration directories and can write to them.",
      cause,
    });
  }
}

/** What starts this agentd without the PATH of a login, and still does when a later version was installed over it. */
async function serviceCommand(
  { node, packageDirectory }: Installation,
  { config, socket }: SocketOptions,
): Promise<string[]> {
  const named = Object.entries({ "--config": config, "--socket": socket });
  const words = named.flatMap(([option, path]) => (path === undefined ? [] : [option, path]));
  return [await lastingName(node), join(packageDirectory, "bin", "agentd"), ...words];
}

/** The places that the service is told: those that are named now, else those that its unit names already. */
function namedOptions({ options, host }: Installation, started: readonly string[]): SocketOptions {
  const place = (option: keyof SocketOptions, variable: string): string | undefined => {
    const named = options[option] ?? (host.env[variable] || undefined);
    const at = started.indexOf(`--${option}`);
    return named === undefined ? (at < 0 ? undefined : started[at + 1]) : resolve(named);
  };
  return { config: place("config", "AGENTD_CONFIG"), socket: place("socket", "AGENTD_SOCKET") };
}

async function lastingName(node: string): Promise<string> {
  for (const name of LASTING_NAMES) if ((await ifThere(realpath(name))) === node) return name;
  return node;
}
