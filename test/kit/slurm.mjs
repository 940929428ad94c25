/**
 * A real Slurm of the test's own, from the distribution's packages: a controller, munge, and nodes that are all this
 * host. Everything runs as the user of the tests, without systemd. Whoever starts it closes it.
 */
import { randomBytes } from "node:crypto";
import { mkdir, mkdtemp, readdir, readFile, rm, stat, writeFile } from "node:fs/promises";
import { hostname, userInfo } from "node:os";
import { dirname, join } from "node:path";
import { execa } from "execa";
import { containersEnvironment } from "./containers-environment.mjs";
import { findProgram } from "./find-program.mjs";
import { freePorts } from "./free-ports.mjs";
import { sendSignal } from "./processes.mjs";
import { until } from "./until.mjs";

/** Slurm takes the short name of a host for the whole. */
const HOST = hostname().split(".")[0] ?? "";
/** Bounds how long a hang lasts. */
const COMMAND_TIMEOUT_MS = 60_000;

/** @typedef {Promise<unknown> & { pid?: number | undefined, kill(signal: NodeJS.Signals): boolean }} Running */

/**
 * Starts Slurm and waits until every node is idle.
 *
 * @param {{ nodes?: readonly string[], settings?: readonly string[] }} [options] Names of nodes, by default two; lines
 *   of slurm.conf that replace those of the kit.
 * @returns {Promise<Slurm>}
 */
export async function startSlurm({ nodes = ["n1", "n2"], settings = [] } = {}) {
  // Not in /tmp, which may be mounted noexec: scripts of jobs run from here.
  const { cacheDirectory } = containersEnvironment();
  await mkdir(cacheDirectory, { recursive: true });
  const directory = await mkdtemp(join(cacheDirectory, "slurm-"));
  const slurm = new Slurm(directory, nodes, {
    munged: await findProgram("munged"),
    slurmctld: await findProgram("slurmctld"),
    slurmd: await findProgram("slurmd"),
  });
  try {
    await slurm.configure(settings);
    await slurm.startMunge();
    await slurm.startController();
    for (const node of nodes) slurm.startNode(node);
    await slurm.ready();
    return slurm;
  } catch (error) {
    await slurm.close();
    throw error;
  }
}

export class Slurm {
  /** @type {Map<string, Running>} */
  #daemons = new Map();
  #programs;

  /**
   * Use `startSlurm`.
   *
   * @param {string} directory
   * @param {readonly string[]} nodes
   * @param {{ munged: string, slurmctld: string, slurmd: string }} programs
   */
  constructor(directory, nodes, programs) {
    this.directory = directory;
    this.nodes = nodes;
    this.#programs = programs;
    this.configFile = join(directory, "slurm.conf");
    /** What a client needs in its environment. */
    this.variables = {
      PATH: [process.env["PATH"], dirname(programs.slurmd)].join(":"),
      HOME: userInfo().homedir,
      SLURM_CONF: this.configFile,
    };
  }

  /** Where the controller keeps jobs, environments of jobs and scripts. */
  get stateDirectory() {
    return join(this.directory, "state");
  }

  /** @param {readonly string[]} settings */
  async configure(settings) {
    await mkdir(this.stateDirectory, { recursive: true });
    // munge wants every user of a host to reach its socket.
    await mkdir(join(this.directory, "munge"));
    for (const node of this.nodes) await mkdir(join(this.directory, "spool", node), { recursive: true });
    await writeFile(join(this.directory, "munge", "key"), randomBytes(1024), { mode: 0o600 });
    await writeFile(this.configFile, await this.#config(settings));
  }

  async startMunge() {
    const at = (/** @type {string} */ name) => join(this.directory, "munge", name);
    const files = [`--key-file=${at("key")}`, `--socket=${at("s")}`, `--pid-file=${at("pid")}`];
    const more = [`--log-file=${at("log")}`, `--seed-file=${at("seed")}`, "--num-threads=2"];
    this.#start("munged", [this.#programs.munged, "--foreground", "--force", ...files, ...more]);
    await until("an answer of munge", async () => {
      const asked = await execa("munge", [`--socket=${at("s")}`, "--no-input"], { reject: false });
      return asked.exitCode === 0;
    });
  }

  /** Starts the controller, also after it was killed, and waits until it answers. */
  async startController() {
    this.#start("slurmctld", [this.#programs.slurmctld, "-D"]);
    await until("an answer of slurmctld", async () => {
      const { stdout } = await this.run("scontrol", ["ping"]);
      return stdout.includes("UP");
    });
  }

  /** The process of the controller, for a test that holds it. */
  get controllerPid() {
    return this.#daemons.get("slurmctld")?.pid;
  }

  /**
   * Waits until what the controller knows of a job is on its disk: one that is killed before has forgotten it, and the next
   * one kills what runs.
   *
   * @param {string} job Its number.
   */
  async saved(job) {
    const since = Date.now();
    // A change, so that it writes once more.
    await this.run("scontrol", ["update", `jobid=${job}`, "comment=saved"]);
    await until(`job ${job} on the controller's disk`, async () => {
      const file = await stat(join(this.stateDirectory, "job_state")).catch(() => undefined);
      return file !== undefined && file.mtimeMs > since;
    });
  }

  /**
   * Has an administrator of the cluster do something.
   *
   * @param {...string} args Of scontrol.
   * @throws Error when it says that something is wrong.
   */
  async control(...args) {
    const { exitCode, stderr } = await this.run("scontrol", args);
    if (exitCode !== 0 || stderr !== "")
      throw new Error(`scontrol ${args.join(" ")}: ${exitCode}, ${stderr}`);
  }

  /** As a crash would. */
  async killController() {
    await this.#kill("slurmctld");
  }

  /** Starts a node; `ready` waits for it. @param {string} node */
  startNode(node) {
    this.#start(node, [this.#programs.slurmd, "-D", "-N", node]);
  }

  /** Kills a node's daemon; its jobs live on. @param {string} node */
  async killNode(node) {
    await this.#kill(node);
  }

  /** As an administrator does after Slurm has drained nodes by itself; those that are not drained stay as they are. */
  async resumeNodes() {
    for (const node of this.nodes) await this.run("scontrol", ["update", `nodename=${node}`, "state=resume"]);
  }

  /** Waits until every node can take jobs. */
  async ready() {
    await until("idle nodes", async () => {
      const { stdout } = await this.run("sinfo", ["--noheader", "--Node", "--format=%T"]);
      const states = stdout.split("\n");
      return states.length === this.nodes.length && states.every((state) => state === "idle");
    });
  }

  /**
   * Runs a client of Slurm to its end, with any exit code.
   *
   * @param {string} program
   * @param {readonly string[]} args
   * @param {string} [input]
   */
  async run(program, args, input = "") {
    return await execa(program, args, {
      env: this.variables,
      extendEnv: false,
      reject: false,
      input,
      timeout: COMMAND_TIMEOUT_MS,
    });
  }

  /** Kills everything at once, jobs too, waits until it has gone, and removes its directory. */
  async close() {
    await until("the end of Slurm", async () => {
      const ids = await this.#processes();
      for (const id of ids) sendSignal(id, "SIGKILL");
      return ids.length === 0;
    });
    await Promise.all(this.#daemons.values());
    this.#daemons.clear();
    await rm(this.directory, { recursive: true });
  }

  /** @param {string} name @param {readonly [string, ...string[]]} command */
  #start(name, [program, ...args]) {
    const daemon = execa(program, args, {
      env: this.variables,
      extendEnv: false,
      cwd: this.directory,
      buffer: false,
      reject: false,
      stdio: ["ignore", "ignore", { file: join(this.directory, `${name}.stderr`) }],
    });
    this.#daemons.set(name, daemon);
  }

  /** @param {string} name */
  async #kill(name) {
    const daemon = this.#daemons.get(name);
    if (daemon === undefined) throw new Error(`${name} does not run`);
    daemon.kill("SIGKILL");
    await daemon;
    this.#daemons.delete(name);
  }

  /** Daemons, their helpers, and what runs the jobs: all have the name of the configuration in their environment. */
  async #processes() {
    const ids = (await readdir("/proc")).filter((name) => /^\d+$/.test(name)).map(Number);
    const found = await Promise.all(
      ids.map(async (id) => {
        const variables = await readFile(`/proc/${id}/environ`, "utf8").catch(() => "");
        return variables.split("\0").includes(`SLURM_CONF=${this.configFile}`) ? [id] : [];
      }),
    );
    return found.flat().filter((id) => id !== process.pid);
  }

  /** @param {readonly string[]} settings */
  async #config(settings) {
    const [controllerPort, ...nodePorts] = await freePorts(1 + this.nodes.length);
    const user = userInfo().username;
    const own = [
      "ClusterName=agentd",
      `SlurmctldHost=${HOST}(127.0.0.1)`,
      `SlurmctldPort=${controllerPort}`,
      `SlurmUser=${user}`,
      `SlurmdUser=${user}`,
      "AuthType=auth/munge",
      `AuthInfo=socket=${join(this.directory, "munge", "s")}`,
      "CredType=cred/munge",
      `StateSaveLocation=${this.stateDirectory}`,
      `SlurmdSpoolDir=${join(this.directory, "spool", "%n")}`,
      `SlurmctldPidFile=${join(this.directory, "slurmctld.pid")}`,
      `SlurmdPidFile=${join(this.directory, "slurmd-%n.pid")}`,
      `SlurmctldLogFile=${join(this.directory, "slurmctld.log")}`,
      `SlurmdLogFile=${join(this.directory, "slurmd-%n.log")}`,
      "ProctrackType=proctrack/linuxproc",
      "TaskPlugin=task/none",
      "MpiDefault=none",
      "SwitchType=switch/none",
      "SelectType=select/cons_tres",
      "SelectTypeParameters=CR_CPU_Memory",
      "JobAcctGatherType=jobacct_gather/none",
      "AccountingStorageType=accounting_storage/none",
      "MailProg=/bin/true",
      // Nodes may claim more cores than the host has.
      "SlurmdParameters=config_overrides",
      "ReturnToService=2",
      // A job that says nothing does not get the whole node: one that a killed controller still counts blocks no other.
      "DefMemPerNode=10",
      "KillWait=5",
      "SchedulerParameters=batch_sched_delay=1,sched_interval=1",
    ];
    const replaced = new Set(settings.map(keyOf));
    const nodes = this.nodes.map(
      (name, index) =>
        `NodeName=${name} NodeHostname=${HOST} NodeAddr=127.0.0.1 Port=${nodePorts[index]} CPUs=32 RealMemory=1000`,
    );
    const partition = "PartitionName=main Nodes=ALL Default=YES MaxTime=INFINITE State=UP";
    return [...own.filter((line) => !replaced.has(keyOf(line))), ...settings, ...nodes, partition, ""].join(
      "\n",
    );
  }
}

/** @param {string} line */
function keyOf(line) {
  return line.slice(0, line.indexOf("="));
}
