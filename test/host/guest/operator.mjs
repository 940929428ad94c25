/**
 * The operator of the host: installs agentd, writes its configuration, looks after its service.
 */
import { access, mkdir, readFile, rm, writeFile } from "node:fs/promises";
import { homedir } from "node:os";
import { dirname, join } from "node:path";
import { attempt, run, shell, untilItPrints } from "./command.mjs";

const INPUT = "/srv/agentd-test";
const UNIT = "agentd.service";

/** The image of sessions: nothing but busybox. */
export const IMAGE = "localhost/busybox:latest";

/**
 * A profile as scenarios write it: a shell program, and any other keys of the configuration.
 *
 * @typedef {Record<string, unknown> & { name: string, script: string }} Profile
 */

/** A session as `agentd show --json` and its record have it. @typedef {Record<string, any>} Session */

export class Operator {
  /** What the harness gave this boot. */
  inputDirectory = INPUT;
  home = homedir();
  prefix = join(this.home, ".local");
  agentdProgram = join(this.prefix, "bin", "agentd");
  packageDirectory = join(this.prefix, "lib", "node_modules", "agentd");
  unitDirectory = join(this.home, ".config", "systemd", "user");
  unitFile = join(this.unitDirectory, UNIT);
  configFile = join(this.home, ".config", "agentd", "agentd.toml");
  credentialsFile = join(this.home, ".config", "agentd", "credentials.env");
  repository = join(this.home, "repository.git");
  cacheDirectory = join(this.home, ".cache", "agentd");
  stateDirectory = join(this.home, ".local", "state");
  runtimeDirectory = `/run/user/${process.getuid?.() ?? 0}`;

  /** What is not there yet: the installed package, an image, a repository. */
  async prepare() {
    if (await exists(this.repository)) return;
    await run([
      "npm",
      "install",
      "--global",
      "--offline",
      "--prefix",
      this.prefix,
      join(INPUT, "agentd.tgz"),
    ]);
    await this.#useOverlay();
    await run(["podman", "import", "--quiet", join(INPUT, "busybox.tar"), IMAGE]);
    await this.#createRepository();
  }

  /** Podman 4 copies the whole image for each container unless it is told otherwise, as doctor says. */
  async #useOverlay() {
    if (!(await run(["podman", "--version"])).startsWith("podman version 4.")) return;
    const directory = join(this.home, ".config", "containers");
    await mkdir(directory, { recursive: true });
    await writeFile(join(directory, "storage.conf"), '[storage]\ndriver = "overlay"\n');
  }

  async #createRepository() {
    const work = join(this.home, "repository");
    await mkdir(work);
    await writeFile(join(work, "README"), "a repository to work on\n");
    await shell(
      `cd "$1"
      git init -q -b main && git add -A
      git -c user.name=Keeper -c user.email=keeper@localhost commit -qm "first"
      git clone -q --bare . "$2"`,
      [work, this.repository],
    );
  }

  /** Ends what earlier scenarios left, and forgets it. */
  async reset() {
    await attempt(["systemctl", "--user", "stop", UNIT]);
    await attempt(["systemctl", "--user", "reset-failed", UNIT]);
    await attempt(["podman", "rm", "--all", "--force", "--time", "0"]);
    for (const directory of [this.cacheDirectory, this.stateDirectory, dirname(this.configFile)]) {
      await attempt(["chmod", "-R", "u+rwX", directory]);
      await rm(directory, { recursive: true, force: true });
    }
  }

  /** @param {readonly Profile[]} profiles @param {Record<string, unknown>} [daemon] */
  async configure(profiles, daemon = {}) {
    await mkdir(dirname(this.configFile), { recursive: true });
    await writeFile(this.configFile, toml(daemon, profiles, this.repository));
  }

  /** Has agentd serve these profiles as a service, and waits until it says that it is ready. @param {readonly Profile[]} profiles */
  async serve(...profiles) {
    await this.configure(profiles);
    if (await exists(this.unitFile)) await run(["systemctl", "--user", "start", UNIT]);
    else await this.must("service", "install");
  }

  /** Sets variables of the daemon, by the file for its credentials, from its next start on. @param {Record<string, string>} variables */
  async setVariables(variables) {
    await mkdir(dirname(this.credentialsFile), { recursive: true });
    const lines = Object.entries(variables).map(([name, value]) => `${name}=${value}\n`);
    await writeFile(this.credentialsFile, lines.join(""), { mode: 0o600 });
  }

  /** @param {string} property */
  async unitProperty(property) {
    return run(["systemctl", "--user", "show", "--value", "--property", property, UNIT]);
  }

  /** The daemon's process. */
  async daemonPid() {
    return Number(await this.unitProperty("MainPID"));
  }

  /** @param {readonly string[]} args */
  agentd(...args) {
    return attempt([this.agentdProgram, ...args]);
  }

  /** @param {readonly string[]} args @returns {Promise<any>} */
  async agentdJson(...args) {
    return JSON.parse(await run([this.agentdProgram, ...args, "--json"]));
  }

  /**
   * Runs a session to its end.
   *
   * @param {string} profile
   * @param {readonly string[]} options More words for `agentd run`.
   * @returns {Promise<Session>}
   */
  async runToEnd(profile, ...options) {
    const { stdout, stderr } = await this.agentd("run", profile, "--json", ...options);
    try {
      return JSON.parse(stdout);
    } catch {
      throw new Error(`agentd run ${profile} printed no JSON: ${stdout}${stderr}`);
    }
  }

  /** Starts a session and waits until its command has printed a line. @param {string} profile @param {string} line */
  async runUntilItPrints(profile, line) {
    const { stdout } = await this.must("run", profile, "--detach");
    const id = stdout.trim();
    await this.untilPrinted(id, line);
    return id;
  }

  /** @param {string} id @param {string} line */
  async untilPrinted(id, line) {
    await untilItPrints([this.agentdProgram, "logs", "--follow", id], line);
  }

  /** @param {readonly string[]} args */
  async must(...args) {
    const result = await this.agentd(...args);
    if (result.code !== 0)
      throw new Error(`agentd ${args.join(" ")} exited ${result.code}: ${result.stdout}${result.stderr}`);
    return result;
  }

  /** @param {string} id @returns {Promise<Session>} */
  async session(id) {
    /** @type {Session[]} */
    const sessions = await this.agentdJson("ps", "--all");
    const found = sessions.find((session) => session["session_id"] === id);
    if (found === undefined) throw new Error(`agentd ps does not show session ${id}`);
    return found;
  }

  /** @param {string} id @returns {Promise<Session>} */
  async waitFor(id) {
    return JSON.parse((await this.agentd("wait", id, "--json")).stdout);
  }

  /** What a session printed. @param {string} id */
  async outputOf(id) {
    return (await this.must("logs", id)).stdout;
  }

  /** The session's container, by its name. @param {string} id */
  async inspectContainer(id) {
    const [container] = (await run(["podman", "ps", "--all", "--quiet", "--filter", `name=-${id}$`])).split(
      "\n",
    );
    if (!container) throw new Error(`session ${id} has no container`);
    return JSON.parse(await run(["podman", "inspect", container]))[0];
  }

  /** What is worth reading after a failure. */
  async diagnosis() {
    const parts = await Promise.all([
      attempt(["journalctl", "--user", "--unit", UNIT, "--no-pager", "--lines", "60", "--output", "cat"]),
      attempt(["podman", "ps", "--all"]),
      attempt(["systemctl", "--user", "status", "--no-pager", UNIT]),
      attempt([
        "sh",
        "-c",
        'tail -n 20 "$1"/tesserine/audit/*/*/agentd/console.log',
        "sh",
        this.stateDirectory,
      ]),
    ]);
    return parts.map(({ stdout, stderr }) => stdout + stderr).join("\n");
  }

  /** @param {string} path */
  readText(path) {
    return readFile(path, "utf8");
  }
}

/**
 * @param {Record<string, unknown>} daemon
 * @param {readonly Profile[]} profiles
 * @param {string} repository
 */
function toml(daemon, profiles, repository) {
  const tables = profiles.map(({ script, ...keys }) => {
    const profile = { base_image: IMAGE, repo: repository, command: ["sh", "-c", script], ...keys };
    return `[[profiles]]\n${lines(profile)}`;
  });
  return [`[daemon]\n${lines(daemon)}`, ...tables].join("\n");
}

/** @param {Record<string, unknown>} table Keys that are undefined are left out. */
function lines(table) {
  return Object.entries(table)
    .filter(([, value]) => value !== undefined)
    .map(([key, value]) => `${key} = ${tomlValue(value)}\n`)
    .join("");
}

/** JSON's strings, numbers and arrays are TOML's too; only tables differ. @param {unknown} value @returns {string} */
function tomlValue(value) {
  if (Array.isArray(value)) return `[${value.map(tomlValue).join(", ")}]`;
  if (typeof value !== "object" || value === null) return JSON.stringify(value);
  return `{ ${Object.entries(value)
    .map(([key, each]) => `${key} = ${tomlValue(each)}`)
    .join(", ")} }`;
}

/** @param {string} path */
function exists(path) {
  return access(path).then(
    () => true,
    () => false,
  );
}
