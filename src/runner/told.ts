/** That the engine wants the runner to end. It may say so more than once, and not every time does somebody want it. */
import { readFile } from "node:fs/promises";
import * as z from "zod";
import { commitFile, stageFile } from "../durable-files.ts";
import { ifThere } from "../if-there.ts";
import type { WireTold } from "../placement/channel/protocol.ts";

const kept = z.object({ job: z.string(), ran_ms: z.int().nonnegative() });

export interface ToldOptions {
  /** Name of the job. */
  readonly job: string;
  /** How long this process has run, in milliseconds. */
  readonly ranMs: () => number;
}

export class Told {
  readonly #options: ToldOptions;
  readonly #first = new AbortController();
  #last: WireTold | undefined;
  #listener: (() => void) | undefined;

  constructor(options: ToldOptions) {
    this.#options = options;
  }

  /** Aborted when the engine says so for the first time. */
  get signal(): AbortSignal {
    return this.#first.signal;
  }

  /** The engine says so. */
  readonly tell = (): void => {
    this.#last = { job: this.#options.job, ran_ms: Math.round(this.#options.ranMs()) };
    this.#first.abort();
    this.#listener?.();
  };

  /**
   * Hands each of them to one listener, also what came before it, and what an earlier runner of this node has kept.
   *
   * @param path a file for the next runner: the head may be away until this one is killed.
   */
  async listen(
    path: string,
    listener: (told: WireTold) => Promise<void>,
    signal: AbortSignal,
  ): Promise<void> {
    const earlier = await ifThere(readFile(path, "utf8"));
    let next = earlier === undefined ? undefined : kept.parse(JSON.parse(earlier));
    while (!signal.aborted) {
      const told = this.#last ?? next;
      this.#last = next = undefined;
      if (told !== undefined) {
        await stageFile(path, JSON.stringify(told));
        await commitFile(path);
        await listener(told);
        continue;
      }
      await new Promise<void>((resolve) => {
        this.#listener = resolve;
        if (signal.aborted) resolve();
        signal.addEventListener("abort", () => resolve(), { once: true });
      });
    }
  }
}
