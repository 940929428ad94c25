/** Slurm's programs, as far as a head asks them, answered at once. Its nodes run one job each. */

/**
 * @typedef {object} SimulatedJob
 * @property {string} name
 * @property {string} token
 * @property {"PENDING" | "RUNNING" | "COMPLETED"} state
 * @property {string} node Empty before it has one.
 */

export class SimulatedSlurm {
  /** @type {Map<string, SimulatedJob>} */
  #jobs = new Map();
  /** @type {SimulatedJob[]} */
  #waiting = [];
  #started = 0;
  /** @type {string[]} */
  #idle;
  #start;
  /** How often squeue was asked about all jobs, and how many jobs were submitted. */
  looks = 0;
  submitted = 0;

  /**
   * @param {number} nodes
   * @param {(job: SimulatedJob) => void} start
   */
  constructor(nodes, start) {
    this.#idle = Array.from({ length: nodes }, (_, index) => `n${index + 1}`);
    this.#start = start;
  }

  /**
   * @param {string} program
   * @param {readonly string[]} args
   * @param {{ input?: string }} options
   * @returns {Promise<import("../../../src/slurm/slurm-programs.ts").SlurmRun>}
   */
  run = async (program, args, { input = "" }) => {
    const name = valueOf(args, "--name");
    if (program === "squeue" && name === undefined) this.looks += 1;
    if (program === "squeue") return done(this.#queue(name));
    if (program !== "sbatch") return done("");
    const token = /^[A-Za-z0-9_-]{43}$/m.exec(input)?.[0];
    const job = valueOf(args, "--job-name");
    if (token === undefined || job === undefined) throw new Error("sbatch was told neither job nor token");
    this.submitted += 1;
    /** @type {SimulatedJob} */
    const made = { name: job, token, state: "PENDING", node: "" };
    this.#jobs.set(job, made);
    this.#waiting.push(made);
    this.#schedule();
    return done(String(this.submitted));
  };

  /** Its runner has ended. @param {string} name */
  end(name) {
    const job = this.#jobs.get(name);
    if (job === undefined) throw new Error(`there is no job ${name}`);
    job.state = "COMPLETED";
    this.#idle.push(job.node);
    this.#schedule();
  }

  #schedule() {
    for (;;) {
      const job = this.#waiting[this.#started];
      const node = job === undefined ? undefined : this.#idle.shift();
      if (job === undefined || node === undefined) return;
      this.#started += 1;
      Object.assign(job, { state: "RUNNING", node });
      this.#start(job);
    }
  }

  /** @param {string | undefined} name */
  #queue(name) {
    const jobs = name === undefined ? [...this.#jobs.values()] : [this.#jobs.get(name) ?? []].flat();
    return jobs
      .map((job, index) => `${index + 1}|${job.state}|${job.node}|${job.name}|0:07|UNLIMITED|None\n`)
      .join("");
  }
}

/** @param {string} stdout @returns {{ ok: true, stdout: string }} */
function done(stdout) {
  return { ok: true, stdout };
}

/**
 * @param {readonly string[]} args
 * @param {string} name
 */
function valueOf(args, name) {
  return args.find((each) => each.startsWith(`${name}=`))?.slice(name.length + 1);
}
