/**
 * The service manager of the user, asked through systemctl, loginctl and journalctl.
 */
import { execa } from "execa";
import type { Environment } from "../environment.ts";
import { AgentdError } from "../errors.ts";
import { isThere } from "../if-there.ts";
import { UNIT } from "./unit-file.ts";

/** What systemd's programs need to find the user's manager and its bus. */
const NEEDED_VARIABLES = ["PATH", "HOME", "XDG_RUNTIME_DIR", "DBUS_SESSION_BUS_ADDRESS"];

/** Exists on every host that systemd has booted; see sd_booted(3). */
const BOOTED_BY_SYSTEMD = "/run/systemd/system";

/** A question is answered at once; this bounds how long a hang lasts. */
const QUESTION_LIMIT_MS = 60_000;
/** Longer than the unit's TimeoutStartSec, so that systemd gives up first. */
const ORDER_LIMIT_MS = 15 * 60_000;

const PROPERTIES = ["ActiveState", "MainPID", "StatusText", "UnitFileState", "FragmentPath"] as const;

/** The service as the manager sees it. */
export interface ServiceState {
  /** `active`, `activating`, `deactivating`, `inactive`, `failed`, ... */
  readonly activeState: string;
  /** The daemon's process; undefined while there is none. */
  readonly pid: number | undefined;
  /** What the daemon last said about itself; undefined when it said nothing. */
  readonly statusText: string | undefined;
  /** Whether it starts with the manager. */
  readonly enabled: boolean;
  /** The unit file that the manager has read; undefined when it knows none. */
  readonly unitFile: string | undefined;
}

interface Ended {
  readonly succeeded: boolean;
  readonly stdout: string;
  /** Its messages on standard error. */
  readonly complaint: string;
}

export class UserManager {
  readonly #environment: Environment;

  private constructor(environment: Environment) {
    this.#environment = environment;
  }

  /**
   * Finds the manager.
   *
   * @param environment of a process of the user.
   * @param tried what it is needed for, as a phrase after "cannot".
   * @param examples the directory with scripts for other service managers.
   * @throws AgentdError `service_manager_missing`.
   */
  static async find(environment: Environment, tried: string, examples: string): Promise<UserManager> {
    if (!(await isThere(BOOTED_BY_SYSTEMD))) {
      throw new AgentdError("service_manager_missing", {
        tried,
        why: "this host was not booted with systemd",
        next:
          "Run `agentd daemon --shutdown=detach` from this host's service manager, as this user and with XDG_RUNTIME_DIR set: " +
          `${examples} has scripts for runit and OpenRC.`,
      });
    }
    const manager = new UserManager(environment);
    const { succeeded, complaint } = await manager.#ask("systemctl", [
      "--user",
      "show",
      "--property=Version",
    ]);
    if (succeeded) return manager;
    throw new AgentdError("service_manager_missing", {
      tried,
      why: `the user's service manager does not answer (${complaint})`,
      next:
        "Log in as this user by ssh or on the console, not by su or sudo; or have root run " +
        "`loginctl enable-linger USER` and `machinectl shell USER@`.",
    });
  }

  async state(): Promise<ServiceState> {
    const stdout = await this.#must("systemctl", [
      "--user",
      "show",
      `--property=${PROPERTIES.join(",")}`,
      UNIT,
    ]);
    const found = new Map(stdout.split("\n").map((line) => splitOnce(line, "=")));
    const property = (name: (typeof PROPERTIES)[number]): string | undefined => found.get(name) || undefined;
    return {
      activeState: property("ActiveState") ?? "unknown",
      pid: Number(property("MainPID")) || undefined,
      statusText: property("StatusText"),
      enabled: property("UnitFileState")?.startsWith("enabled") === true,
      unitFile: property("FragmentPath"),
    };
  }

  /** Has the manager read the unit files again. @throws AgentdError `service_failed`, as all that follow. */
  async readUnits(): Promise<void> {
    await this.#must("systemctl", ["--user", "daemon-reload"]);
  }

  /** Has the service start with the manager. */
  async enable(): Promise<void> {
    await this.#must("systemctl", ["--user", "--quiet", "enable", UNIT]);
  }

  async disable(): Promise<void> {
    await this.#must("systemctl", ["--user", "--quiet", "disable", UNIT]);
  }

  /** Resolves when the service is ready; one that runs is restarted. The error has its last words. */
  async restart(): Promise<void> {
    await this.#forgetFailures();
    const { succeeded, complaint } = await this.#order(["restart", UNIT]);
    if (succeeded) return;
    const words = await this.#ask("journalctl", [
      ...["--user", "--unit", UNIT, "--lines=10", "--no-pager", "--output=cat"],
    ]);
    throw new AgentdError("service_failed", {
      tried: "start the service",
      why: [complaint, ...lines(words.stdout)].join("\n  "),
      next: "Check this host with `agentd doctor`, and read the log with `journalctl --user --unit agentd`.",
    });
  }

  /** Resolves when the daemon has ended; sessions run on. */
  async stop(): Promise<void> {
    const { succeeded, complaint } = await this.#order(["stop", UNIT]);
    if (!succeeded) throw failed("stop the service", complaint);
    await this.#forgetFailures();
  }

  /** Starts another unit; one that runs is left as it is. */
  async startUnit(unit: string): Promise<void> {
    const { succeeded, complaint } = await this.#order(["start", unit]);
    if (!succeeded) throw failed(`start ${unit}`, complaint, unit);
  }

  /** Restarts another unit if it runs, as after an upgrade. */
  async restartUnitIfActive(unit: string): Promise<void> {
    const { succeeded, complaint } = await this.#order(["try-restart", unit]);
    if (!succeeded) throw failed(`restart ${unit}`, complaint, unit);
  }

  /** Stops another unit, and has it not start with the manager any more. */
  async disableUnit(unit: string): Promise<void> {
    const { succeeded, complaint } = await this.#order(["--quiet", "disable", "--now", unit]);
    if (!succeeded) throw failed(`stop ${unit}`, complaint, unit);
  }

  /** Whether the manager outlives the user's logins. */
  async isLingering(uid: number): Promise<boolean> {
    const { stdout } = await this.#ask("loginctl", [
      "show-user",
      String(uid),
      "--property=Linger",
      "--value",
    ]);
    return stdout === "yes";
  }

  /** Has the manager outlive the user's logins. Returns why not; undefined when it does. */
  async enableLinger(uid: number): Promise<string | undefined> {
    const { succeeded, complaint } = await this.#ask("loginctl", [
      "--no-ask-password",
      "enable-linger",
      String(uid),
    ]);
    return succeeded ? undefined : complaint;
  }

  /** So that failures neither count against the next start nor are shown any more. */
  async #forgetFailures(): Promise<void> {
    await this.#ask("systemctl", ["--user", "reset-failed", UNIT]); // Itself fails for a unit that was not loaded.
  }

  async #order(words: readonly string[]): Promise<Ended> {
    return await this.#run("systemctl", ["--user", ...words], ORDER_LIMIT_MS);
  }

  async #must(program: string, args: readonly string[]): Promise<string> {
    const { succeeded, stdout, complaint } = await this.#ask(program, args);
    if (!succeeded) throw failed(`run ${[program, ...args].join(" ")}`, complaint);
    return stdout;
  }

  async #ask(program: string, args: readonly string[]): Promise<Ended> {
    return await this.#run(program, args, QUESTION_LIMIT_MS);
  }

  async #run(program: string, args: readonly string[], timeout: number): Promise<Ended> {
    const variables = NEEDED_VARIABLES.map((name) => [name, this.#environment[name]]);
    const result = await execa(program, args, {
      env: Object.fromEntries(variables) as Record<string, string | undefined>,
      extendEnv: false,
      stdin: "ignore",
      timeout,
      reject: false,
    });
    const { failed: hasFailed, stdout, stderr } = result;
    return { succeeded: !hasFailed, stdout, complaint: stderr.trim() || (result.shortMessage ?? "") };
  }
}

function failed(tried: string, why: string, unit = "agentd"): AgentdError {
  return new AgentdError("service_failed", {
    tried,
    why,
    next: `Show the service with \`systemctl --user status ${unit}\`.`,
  });
}

function splitOnce(line: string, separator: string): [string, string] {
  const at = line.indexOf(separator);
  return [line.slice(0, at), line.slice(at + separator.length)];
}

function lines(text: string): string[] {
  return text.split("\n").filter((line) => line !== "");
}
