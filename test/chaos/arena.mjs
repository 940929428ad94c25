/**
 * What all cells share: an image and a repository. And what each has of its own: a sandbox, an agent that counts its
 * starts, failpoints.
 */
import { access, mkdir, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { basename, join } from "node:path";
import { createSandbox } from "../kit/agentd.mjs";
import { startGitServer } from "../kit/git-server.mjs";
import { BUSYBOX, ensureBusyboxImage } from "../kit/images.mjs";
import { containersOf, isWaiting, sessionContainersOf } from "../kit/podman.mjs";
import { readJournal } from "../kit/records.mjs";
import { makeRepository } from "../kit/repositories.mjs";
import { until } from "../kit/until.mjs";

/** @typedef {import("../kit/agentd.mjs").Sandbox} Sandbox */
/** @typedef {import("../../src/failpoints.ts").FailpointLabel} Label */
/** @typedef {"auto" | "off"} Warm Whether containers wait for sessions. */
/** @typedef {{ image: string, repositoryUrl: string, warm?: Warm | undefined }} Ground */

/**
 * @typedef {object} ArenaOptions
 * @property {number} [maxSessions]
 * @property {string} [minFree]
 * @property {string} [script] Of the agent.
 * @property {string} [disk] As in a profile.
 * @property {Record<string, string | boolean>[]} [volumes] As in a profile.
 * @property {boolean} [keep] Whether what sessions leave is kept.
 * @property {Warm} [warm] As in the daemon's configuration; default: as on the ground.
 */

export const PROFILE = "chaos";
/** One session of it follows each session of the other, whatever its outcome. */
const FOLLOWER = "follower";
/** Every outcome that a cell can have once its command has started. */
const PUBLISHED = [
  "success",
  "generic_failure",
  "usage_error",
  "nothing_ready",
  "infrastructure_failure",
  "work_failed",
  "infrastructure_failure",
  "blocked",
  "terminated_by_signal",
  "interrupted",
  "cancelled",
  "disk_limit_exceeded",
];
/** A slow machine at its slowest; only bounds how long a hang lasts. */
export const LONG_MS = 180_000;

/** What a session may have on the disk before `fillDisk` is too much. */
export const MOST_ON_DISK = "32m";

/** Volumes for a profile. */
export const VOLUMES = [
  { name: "own", target: "/own" },
  { name: "copied", target: "/copied", shared: true, mode: "copy" },
];

/** The session's credential, which its command prints at its end. */
export const TOKEN = "chaos-token-0123456789";

/** Leaves a file to publish and counts its start before it does anything else, works until it is let go, and leaves with the code in its work unit. */
const AGENT = `
echo made > made-by-the-agent
echo start >> /host/$AGENTD_SESSION_ID
echo begun
until [ -e /host/go ]; do
  sleep 0.1
  if [ -e /host/fill ] && ! [ -e ../filled ]; then dd if=/dev/zero of=../filled bs=1M count=48 2>/dev/null; fi
done
echo "done $TOKEN"
exit $AGENTD_WORK_UNIT
`;

/**
 * Makes the ground. Whoever makes it closes it.
 *
 * @param {Warm} [warm] Of all daemons on it that need not have it otherwise. Default: the daemon's own.
 * @returns {Promise<{ ground: Ground, close: () => Promise<void> }>}
 */
export async function openGround(warm) {
  const sandbox = await createSandbox();
  const repositories = join(sandbox.directory, "repositories");
  const server = await startGitServer(repositories, { takesPushes: true });
  const close = async () => {
    await server.close();
    await sandbox.close();
  };
  try {
    await makeRepository(join(repositories, "small.git"));
    const image = await ensureBusyboxImage(sandbox.containers, BUSYBOX);
    return { ground: { image, repositoryUrl: `${server.url}/small.git`, warm }, close };
  } catch (error) {
    await close();
    throw error;
  }
}

/** A sandbox with one profile. `inArena` makes it. */
export class Arena {
  /** Where the agent counts its starts and looks whether it may end. */
  #host;
  #failpoints;
  /** @type {import("../kit/daemon.mjs").Daemon[]} */
  #daemons = [];
  /** @type {string | undefined} */
  #instance;
  /** Ids of sessions that only had to be there before. @type {Set<string>} */
  #earlier = new Set();

  /** @param {Sandbox} sandbox */
  constructor(sandbox) {
    this.sandbox = sandbox;
    this.#host = join(sandbox.directory, "host");
    this.#failpoints = join(sandbox.directory, "failpoints");
    /** In the command line of every process that sessions of this arena start. */
    this.mark = basename(sandbox.directory);
  }

  /**
   * Makes the directories and the configuration.
   *
   * @param {Ground} ground
   * @param {ArenaOptions} options
   */
  async prepare(
    { image, repositoryUrl, warm: usualWarm },
    { maxSessions = 4, minFree = "1g", script = AGENT, disk, volumes, keep = false, warm = usualWarm },
  ) {
    await mkdir(this.#host);
    await mkdir(this.#failpoints);
    const profile = {
      name: PROFILE,
      base_image: image,
      repo: repositoryUrl,
      command: ["/bin/sh", "-c", script, this.mark],
      credentials: [{ name: "TOKEN", source: "CHAOS_TOKEN" }],
      mounts: [{ source: this.#host, target: "/host" }],
      network: "allowlist",
      ...(disk === undefined ? {} : { disk }),
      ...(volumes === undefined ? {} : { volumes }),
      keep: keep ? "always" : "never",
      publish: { branch: "chaos/{session}", on: PUBLISHED },
      // Writes down for which record it ran.
      after: [
        { command: ["/bin/sh", "-c", 'echo "$2" >> "$1"', "sh", join(this.sandbox.directory, "after")] },
      ],
    };
    const follower = {
      name: FOLLOWER,
      base_image: image,
      workspace: "empty",
      command: ["true"],
      chain: { after: [PROFILE], on: [...PUBLISHED, "launch_failed"] },
    };
    await this.sandbox.writeConfig({
      daemon: {
        max_sessions: maxSessions,
        min_free: minFree,
        ...(warm === undefined ? {} : { warm }),
      },
      profiles: [profile, follower],
    });
  }

  /** Waits until no program is owed to a session; how often one ran for this record. @param {string} record */
  async afterwards(record) {
    await untilLong("the end of the programs after the session", async () => {
      const owed = await readdir(join(this.sandbox.stateDirectory, "after")).catch(() => []);
      return owed.length === 0;
    });
    const ran = await readFile(join(this.sandbox.directory, "after"), "utf8").catch(() => "");
    return ran.split("\n").filter((line) => line === record).length;
  }

  /** Waits until no session is owed to another, and all are sealed; the records of those that followed. */
  async followers() {
    await untilLong("the sessions that follow", async () => {
      const owed = await namesIn(join(this.sandbox.stateDirectory, "followups"));
      return owed.length === 0 && (await this.openSessions()) === 0;
    });
    const profile = join(this.sandbox.auditRoot, FOLLOWER);
    return this.#withoutEarlier(await namesIn(profile)).map((id) => join(profile, id));
  }

  /** Has a session of the profile end, so that a container waits for the next one. What it leaves does not count. */
  async warmUp() {
    await this.letGo();
    await this.run(0);
    await this.followers();
    await untilLong("a container that waits", async () =>
      (await containersOf(this.sandbox.containers, this.instance)).some(
        (each) => isWaiting(each) && each.Labels["io.agentd.profile"] === PROFILE,
      ),
    );
    for (const profile of [PROFILE, FOLLOWER])
      for (const id of await namesIn(join(this.sandbox.auditRoot, profile))) this.#earlier.add(id);
    await rm(join(this.#host, "go"));
  }

  /** The directories of all records, also of those that do not count. */
  async allRecords() {
    const profiles = [PROFILE, FOLLOWER].map((profile) => join(this.sandbox.auditRoot, profile));
    const all = profiles.map(async (profile) => (await namesIn(profile)).map((id) => join(profile, id)));
    return (await Promise.all(all)).flat();
  }

  /** @param {readonly string[]} ids */
  #withoutEarlier(ids) {
    return ids.filter((id) => !this.#earlier.has(id));
  }

  /** Name of the instance, known once a daemon was ready. */
  get instance() {
    if (this.#instance === undefined) throw new Error("no daemon was ready yet");
    return this.#instance;
  }

  /**
   * Starts a daemon and waits until it answers.
   *
   * @param {Label} [label] It waits where it first comes to it.
   */
  async startDaemon(label) {
    const armed = { AGENTD_FAILPOINTS: `${label}=wait@1`, AGENTD_FAILPOINTS_DIR: this.#failpoints };
    const env = { CHAOS_TOKEN: TOKEN, ...(label === undefined ? {} : armed) };
    const daemon = await this.sandbox.startDaemon({ env });
    this.#daemons.push(daemon);
    this.#instance = daemon.instance;
    return daemon;
  }

  /**
   * Asks for a session.
   *
   * @param {number} code What its command is to leave with.
   * @returns {Promise<boolean>} Whether the client was told that it was accepted.
   */
  async run(code) {
    const { exitCode } = await this.sandbox.run(["run", PROFILE, "--detach", "--work-unit", String(code)]);
    return exitCode === 0;
  }

  /** Types a command, and leaves the client running: one that stops a session would ask the next daemon again. @param {readonly string[]} words */
  type(words) {
    return this.sandbox.spawn(words);
  }

  /** Resolves once a command has counted its start. */
  async commandStarted() {
    await untilLong("the start of a command", async () => (await this.starts()).size > 0);
  }

  /** Resolves once the journal of the one session says that its command has everything. */
  async handedOver() {
    const [record = ""] = await this.records();
    await untilLong("the end of the hand-over", async () =>
      (await readJournal(record)).some(({ event }) => event === "handed_over"),
    );
    await this.commandStarted();
  }

  /** Resolves once no container of a session runs any more. */
  async containersEnded() {
    await untilLong("the end of the containers", async () => {
      const containers = await sessionContainersOf(this.sandbox.containers, this.instance);
      return containers.every(({ State }) => State !== "running");
    });
  }

  /** Asks the daemons that still live to end, and waits until they have. */
  async stopDaemons() {
    await Promise.all(this.#daemons.map((daemon) => daemon.stop()));
  }

  /** Resolves once a daemon waits at the label, with its pid. @param {Label} label */
  async hit(label) {
    const mark = join(this.#failpoints, `${label}.1`);
    const text = await untilLong(`the failpoint ${label}`, async () => await readIfThere(mark));
    return Number(text);
  }

  /** Lets the daemon go on that waits at the label. @param {Label} label */
  async release(label) {
    await writeFile(join(this.#failpoints, `${label}.1.go`), "");
  }

  /** Lets the agents come to their end. */
  async letGo() {
    await writeFile(join(this.#host, "go"), "");
  }

  /** Has the agents write more than `MOST_ON_DISK`. */
  async fillDisk() {
    await writeFile(join(this.#host, "fill"), "");
  }

  /** How often each session's command was started, by session id. @returns {Promise<Map<string, number>>} */
  async starts() {
    const ids = (await readdir(this.#host)).filter((name) => name !== "go" && name !== "fill");
    const counted = this.#withoutEarlier(ids);
    const counts = counted.map(
      async (id) => /** @type {[string, number]} */ ([id, await this.#startsOf(id)]),
    );
    return new Map(await Promise.all(counts));
  }

  /** The record directories, oldest first. */
  async records() {
    const profile = join(this.sandbox.auditRoot, PROFILE);
    return this.#withoutEarlier(await namesIn(profile))
      .sort()
      .map((id) => join(profile, id));
  }

  /** How many sessions are not sealed yet. */
  async openSessions() {
    return (await namesIn(join(this.sandbox.stateDirectory, "open"))).length;
  }

  /** Resolves once no session is open any more. */
  async allSealed() {
    await untilLong("the end of all sessions", async () => (await this.openSessions()) === 0);
  }

  /** Removes what is kept of the one session. @returns {Promise<string[]>} What is wrong with that. */
  async removeKept() {
    const kept = join(this.sandbox.stateDirectory, "kept");
    // One that is being removed is not listed any more.
    const { exitCode, stderr } = await this.sandbox.run(["rm", "--all", "--force"]);
    if (exitCode !== 0) return [`it is not removed: ${stderr}`];
    await untilLong("the end of what is kept", async () => (await namesIn(kept)).length === 0);
    return [];
  }

  /** @param {string} sessionId */
  async #startsOf(sessionId) {
    return (await readFile(join(this.#host, sessionId), "utf8")).split("\n").length - 1;
  }
}

/**
 * Makes an arena, lends it out, and removes it whatever happens.
 *
 * @template T
 * @param {Ground} ground
 * @param {(arena: Arena) => Promise<T>} use
 * @param {ArenaOptions} [options] By default 4, the daemon's default, the agent that can be let go, no bound on the disk, no volumes,
 *   and nothing kept.
 */
export async function inArena(ground, use, options = {}) {
  const sandbox = await createSandbox();
  try {
    const arena = new Arena(sandbox);
    await arena.prepare(ground, options);
    return await use(arena);
  } finally {
    await sandbox.close();
  }
}

/** In the command line of an instance's gateway. @param {string} instance */
export function gatewayOf(instance) {
  return `/agentd/${instance}/gateway-`;
}

/**
 * @template T
 * @param {string} what
 * @param {() => Promise<T | undefined | false>} condition
 */
export function untilLong(what, condition) {
  return until(what, condition, { timeoutMs: LONG_MS });
}

/** @param {string} directory */
async function namesIn(directory) {
  return await access(directory).then(
    () => readdir(directory),
    () => [],
  );
}

/** Undefined also while it is empty: it is about to be written. @param {string} path */
async function readIfThere(path) {
  const text = await readFile(path, "utf8").catch(() => "");
  return text === "" ? undefined : text;
}
