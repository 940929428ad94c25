/**
 * Holds the daemon at a step, to look at what there is only then.
 */
import { access, mkdir, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { until } from "../../kit/until.mjs";

/** @typedef {import("./operator.mjs").Operator} Operator */

const SLOW_MS = 900_000;

export class Failpoint {
  #hit;

  /** @param {string} directory @param {string} label */
  constructor(directory, label) {
    this.#hit = join(directory, `${label}.1`);
  }

  /**
   * Has the next daemon wait when it first comes to that label of src/failpoints.ts.
   *
   * @param {Operator} operator
   * @param {string} label
   */
  static async arm(operator, label) {
    const directory = join(operator.home, "failpoints");
    await rm(directory, { recursive: true, force: true });
    await mkdir(directory);
    await operator.setVariables({
      AGENTD_FAILPOINTS: `${label}=wait@1`,
      AGENTD_FAILPOINTS_DIR: directory,
    });
    return new Failpoint(directory, label);
  }

  /** Resolves when the daemon waits there. */
  async reached() {
    const isThere = () =>
      access(this.#hit).then(
        () => true,
        () => false,
      );
    await until(`the failpoint ${this.#hit}`, isThere, { timeoutMs: SLOW_MS });
  }

  /** Has the daemon go on. */
  async release() {
    await writeFile(`${this.#hit}.go`, "");
  }
}
