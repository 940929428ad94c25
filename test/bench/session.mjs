/**
 * What one session costs, from the command's start to its end, against doing the same with git and podman by hand, and against
 * the least that it could cost: where a container waits for it, and where none does.
 */
import { join } from "node:path";
import { AGENTD, createSandbox } from "../kit/agentd.mjs";
import { readJournal } from "../kit/records.mjs";
import { until } from "../kit/until.mjs";
import { cloneAndPodmanRun, podmanRun } from "./by-hand.mjs";
import { timeCommand } from "./command.mjs";
import { engineAlone } from "./engine-alone.mjs";
import { sampleInTurn } from "./rounds.mjs";
import { summarize } from "./statistics.mjs";
import { PROFILE } from "./workshop.mjs";

/** @typedef {import("../kit/agentd.mjs").Sandbox} Sandbox */
/** @typedef {import("./measurements.mjs").Measurement} Measurement */
/** @typedef {import("./rounds.mjs").Contender} Contender */
/** @typedef {import("./workshop.mjs").Workshop} Workshop */

/** @type {Measurement} */
export const session = {
  name: "session",
  rounds: 25,
  async run(workshop, options) {
    const sandbox = await createSandbox();
    try {
      const { config, repository } = workshop;
      await sandbox.writeConfig({ ...config, daemon: { ...config.daemon, warm: "off" } });
      await sandbox.startDaemon({ env: { AGENTD_LOG: undefined } });
      const waiting = agentdRun(workshop.sandbox, repository.commit, { waits: true });
      const cold = agentdRun(sandbox, repository.commit, { waits: false });
      const byHand = cloneAndPodmanRun(workshop);
      const bare = podmanRun(workshop);
      const floorWaiting = await engineAlone(workshop, { waits: true });
      const floor = await engineAlone(workshop, { waits: false });
      const samples = await sampleInTurn([waiting, cold, byHand, bare, floorWaiting, floor], options);
      return {
        samples,
        ratios: [
          { what: waiting.name, against: bare.name, goal: 0.7 },
          { what: waiting.name, against: byHand.name, goal: 0.55 },
          { what: cold.name, against: byHand.name, goal: 0.7 },
          { what: cold.name, against: bare.name, goal: 1.1 },
          { what: floorWaiting.name, against: bare.name, goal: null },
          { what: floor.name, against: bare.name, goal: null },
        ],
        figures: [...waiting.steps(), ...cold.steps()],
      };
    } finally {
      await sandbox.close();
    }
  },
};

/**
 * @param {Sandbox} sandbox
 * @param {string} commit That a session clones.
 * @param {{ waits: boolean }} options Whether a container waits for each.
 * @returns {Contender & { steps: () => import("./measurements.mjs").Figure[] }}
 */
function agentdRun(sandbox, commit, { waits }) {
  const name = waits ? "agentd run, a container waits" : "agentd run";
  /** When each line of a journal was written, from the start of the command in milliseconds. @type {Map<string, number[]>} */
  const steps = new Map();
  const run = async () => {
    const startedMs = Date.now();
    const { durationMs, stdout } = await timeCommand([AGENTD, "run", PROFILE, "--json"], sandbox.env);
    const { outcome, commit: cloned, session_id: session } = JSON.parse(stdout);
    if (outcome !== "success" || cloned !== commit) {
      throw new Error(`this session did not do what was asked: ${stdout}`);
    }
    const journal = await readJournal(join(sandbox.auditRoot, PROFILE, session));
    const written = journal.flatMap(({ event, state, time }) =>
      event === undefined && state !== "sealed"
        ? []
        : [{ step: String(event ?? state), ms: Date.parse(String(time)) - startedMs }],
    );
    for (const { step, ms } of [...written, { step: "exited", ms: durationMs }])
      steps.set(step, [...(steps.get(step) ?? []), ms]);
    return durationMs;
  };
  return {
    name,
    steps: () =>
      [...steps].map(([step, ms]) => ({
        ...{ what: `${name}, until ${step}`, against: "", unit: "ms", goal: null },
        value: summarize(ms).median,
      })),
    sample: async () => {
      if (waits && (await waitingIn(sandbox)) === 0) await run();
      if (waits) await isWaiting(sandbox);
      const durationMs = await run();
      // It is made for the next one, and not while others are measured.
      if (waits) await isWaiting(sandbox);
      return durationMs;
    },
  };
}

/** @param {Sandbox} sandbox */
async function isWaiting(sandbox) {
  await until("a container that waits", async () => (await waitingIn(sandbox)) > 0);
}

/** @param {Sandbox} sandbox */
async function waitingIn(sandbox) {
  const { stdout } = await sandbox.run(["status", "--json"]);
  return JSON.parse(String(stdout)).warm.waiting;
}
