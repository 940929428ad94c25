/**
 * What a long history costs: `agentd ps -a` and the daemon's start with many records, against the same with none.
 */
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { AGENTD, createSandbox } from "../kit/agentd.mjs";
import { timeCommand } from "./command.mjs";
import { sampleInTurn } from "./rounds.mjs";
import { PROFILE } from "./workshop.mjs";

/** @typedef {import("../kit/agentd.mjs").Sandbox} Sandbox */
/** @typedef {import("./rounds.mjs").Contender} Contender */

const RECORDS = 100_000;
/** Only names are read but for the newest; to have documents everywhere would take minutes more. */
const WITH_DOCUMENTS = 100;
const FIRST_RECORD_MS = Date.UTC(2026, 0, 1);
const MINUTE_MS = 60_000;

/** @type {import("./measurements.mjs").Measurement} */
export const records = {
  name: "records",
  rounds: 15,
  async run({ image, repository }, options) {
    const config = {
      profiles: [{ name: PROFILE, base_image: image, command: ["true"], repo: repository.url }],
    };
    const [none, many] = [await createSandbox(), await createSandbox()];
    try {
      for (const sandbox of [none, many]) await sandbox.writeConfig(config);
      options.progress(`making ${RECORDS} records`);
      makeRecords(join(many.auditRoot, PROFILE), repository);
      const starts = [start("none", none), start("100,000 records", many)];
      const startSamples = await sampleInTurn(starts, { ...options, warmUps: 1 });
      for (const sandbox of [none, many]) await sandbox.startDaemon({ env: { AGENTD_LOG: undefined } });
      const lists = [list("none", none), list("100,000 records", many)];
      const samples = { ...startSamples, ...(await sampleInTurn(lists, options)) };
      return { samples, ratios: [ratioOf(lists), ratioOf(starts)] };
    } finally {
      await none.close();
      await many.close();
    }
  },
};

/** @param {readonly Contender[]} contenders Without records, and with many. */
function ratioOf([none, many]) {
  if (none === undefined || many === undefined) throw new Error("there are two to compare");
  return { what: many.name, against: none.name, goal: 1.5 };
}

/**
 * From the start of the command to the first answer of the daemon.
 *
 * @param {string} history
 * @param {Sandbox} sandbox
 * @returns {Contender}
 */
function start(history, sandbox) {
  return {
    name: `daemon start, ${history}`,
    sample: async () => {
      const startedMs = performance.now();
      const daemon = await sandbox.startDaemon({ env: { AGENTD_LOG: undefined } });
      const durationMs = performance.now() - startedMs;
      await daemon.stop();
      return durationMs;
    },
  };
}

/**
 * @param {string} history
 * @param {Sandbox} sandbox
 * @returns {Contender}
 */
function list(history, sandbox) {
  return {
    name: `agentd ps -a --limit 20, ${history}`,
    sample: async () => (await timeCommand([AGENTD, "ps", "-a", "--limit", "20"], sandbox.env)).durationMs,
  };
}

/**
 * Records by their directories, one a minute. With synchronous calls, which are much faster for so many.
 *
 * @param {string} profileDirectory
 * @param {{ url: string, commit: string }} repository
 */
function makeRecords(profileDirectory, { url, commit }) {
  for (let number = 0; number < RECORDS; number += 1) {
    const time = FIRST_RECORD_MS + number * MINUTE_MS;
    const id = time.toString(16).padStart(11, "0") + number.toString(16).padStart(5, "0");
    const directory = join(profileDirectory, id, "agentd");
    mkdirSync(RECORDS - number > WITH_DOCUMENTS ? join(profileDirectory, id) : directory, {
      recursive: true,
    });
    if (RECORDS - number > WITH_DOCUMENTS) continue;
    const timestamp = new Date(time).toISOString();
    writeFileSync(
      join(directory, "session.json"),
      JSON.stringify(sealedDocument(id, timestamp, { url, commit })),
    );
  }
}

/**
 * @param {string} id
 * @param {string} timestamp
 * @param {{ url: string, commit: string }} repository
 */
function sealedDocument(id, timestamp, { url, commit }) {
  return {
    schema_version: 1,
    session_id: id,
    profile: PROFILE,
    repo_url: url,
    ref: null,
    commit,
    work_unit: null,
    trigger: "manual",
    image: "localhost/bench",
    image_digest: null,
    methodology_digest: null,
    config_digest: "0".repeat(64),
    queued_timestamp: timestamp,
    start_timestamp: timestamp,
    end_timestamp: timestamp,
    outcome: "success",
    exit_code: 0,
    signal: null,
    stage: null,
    cause: null,
    peak_memory_bytes: null,
    peak_pids: null,
    cpu_seconds: null,
    output_lost: null,
    scheduled_timestamp: null,
    delay_ms: null,
    warnings: [],
    excluded: [],
  };
}
