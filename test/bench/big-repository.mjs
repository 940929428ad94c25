/**
 * What a session of a big repository costs when agentd has cloned it before, against cloning it by hand, and against the least
 * that it could cost: a copy of its objects on this host, and the checkout.
 */
import { randomBytes } from "node:crypto";
import { mkdtemp, rm, stat } from "node:fs/promises";
import { join } from "node:path";
import { AGENTD } from "../kit/agentd.mjs";
import { makeRepository } from "../kit/repositories.mjs";
import { GIT_WITHOUT_CONFIGURATION } from "./by-hand.mjs";
import { timeCommand } from "./command.mjs";
import { sampleInTurn } from "./rounds.mjs";
import { PROFILE } from "./workshop.mjs";

/** @typedef {import("./measurements.mjs").Measurement} Measurement */
/** @typedef {import("./rounds.mjs").Contender} Contender */
/** @typedef {import("./workshop.mjs").Workshop} Workshop */

/** Of random bytes, which nothing makes smaller: 200 MB in all. */
const FILES = 400;
const FILE_BYTES = 500_000;

const NAME = "big.git";

/** @type {Measurement} */
export const bigRepository = {
  name: "big-repository",
  rounds: 5,
  async run(workshop, options) {
    options.progress("making a repository of 200 MB");
    await makeRepository(join(workshop.repositories, NAME), { files: bigProject() });
    const mirrored = sessionOfMirror(workshop);
    const clone = gitClone("git clone of 200 MB", workshop, [`${workshop.server.url}/${NAME}`]);
    const here = join(workshop.repositories, NAME);
    const copy = gitClone("git clone of 200 MB on this host, copied", workshop, ["--no-hardlinks", here]);
    const samples = await sampleInTurn([mirrored, clone, copy], options);
    return {
      samples,
      ratios: [
        { what: mirrored.name, against: clone.name, goal: 0.25 },
        { what: copy.name, against: clone.name, goal: null },
      ],
    };
  },
};

/**
 * The rounds that warm up make the mirror; from then on no pack may travel.
 *
 * @param {Workshop} workshop
 * @returns {Contender}
 */
function sessionOfMirror({ sandbox, server }) {
  let isMirrored = false;
  return {
    name: "agentd run, 200 MB mirrored",
    sample: async () => {
      const before = server.packsServed();
      const command = /** @type {const} */ ([AGENTD, "run", PROFILE, `${server.url}/${NAME}`, "--json"]);
      const { durationMs, stdout } = await timeCommand(command, sandbox.env);
      if (JSON.parse(stdout).outcome !== "success") throw new Error(`this session failed: ${stdout}`);
      if (isMirrored && server.packsServed() !== before) throw new Error("a pack travelled a second time");
      isMirrored = true;
      return durationMs;
    },
  };
}

/**
 * @param {string} name
 * @param {Workshop} workshop
 * @param {readonly string[]} source Options of `git clone`, and what it clones.
 * @returns {Contender}
 */
function gitClone(name, { sandbox }, source) {
  const env = { ...sandbox.env, ...GIT_WITHOUT_CONFIGURATION };
  return {
    name,
    sample: async () => {
      const parent = await mkdtemp(join(sandbox.directory, "by-hand-"));
      const clone = join(parent, "repo");
      const { durationMs } = await timeCommand(["git", "clone", "--quiet", ...source, clone], env);
      await stat(join(clone, `${FILES - 1}.bin`));
      await rm(parent, { recursive: true });
      return durationMs;
    },
  };
}

/** @returns {import("../kit/files.mjs").Files} */
function bigProject() {
  const numbers = Array.from({ length: FILES }, (_, number) => number);
  return Object.fromEntries(numbers.map((number) => [`${number}.bin`, { content: randomBytes(FILE_BYTES) }]));
}
