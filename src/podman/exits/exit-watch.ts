/**
 * How a session's end is noticed. Hints are many: exit files, events, a slow look. The truth is one: inspect. Hints may
 * come early, twice or never, so a hint only means "look", and no wait depends on one of them.
 */
import { setTimeout as delay } from "node:timers/promises";
import { AgentdError } from "../../errors.ts";
import type { Logger } from "../../log.ts";
import { ContainerProcesses } from "../containers/container-processes.ts";
import { type Exited, statusOf } from "../containers/container-status.ts";
import type { InspectReply } from "../service/replies.ts";
import { Bell } from "./bell.ts";

/** How a container ended; `lost` when that is unknown. */
export type ContainerExit = Exited | { readonly kind: "lost"; readonly why: string };

export interface ExitWatchOptions {
  /** The truth: undefined when the container does not exist. */
  readonly inspect: (containerId: string, signal: AbortSignal) => Promise<InspectReply | undefined>;
  /** How often to look without a hint; undefined for never. */
  readonly lookIntervalMs: number | undefined;
  /** Called before each wait, for hints that may become available late. */
  readonly prepareHints: () => void;
  readonly log: Logger;
}

/** A temporary exit file is there this long before the exit shows. */
const SOON_MS = 3;
/** After a hint the exit may take a moment to show. */
const LOOK_AGAIN_MS: readonly number[] = [2, 5, 10, 20, 50, 100, 200];
/** A process is gone a moment before the engine knows of a normal end; after these looks the engine will never know. */
const CONFIRM_LOST_MS: readonly number[] = [50, 100, 200, 400, 800, 1_600];
/** A removal that has begun with a kill is done or visible after these looks. */
const CONFIRM_KILL_MS: readonly number[] = [200, 400, 800];
const TROUBLE_PAUSE_MS = 1_000;
const GONE = "something other than agentd removed the container";

export class ExitWatch {
  readonly #options: ExitWatchOptions;
  readonly #bells = new Map<string, Set<Bell>>();

  constructor(options: ExitWatchOptions) {
    this.#options = options;
  }

  /** A hint that this container has ended. `complete` false: it is about to. */
  hint(containerId: string, complete = true): void {
    for (const bell of this.#bells.get(containerId) ?? []) {
      if (complete) bell.ring();
      else setTimeout(() => bell.ring(), SOON_MS);
    }
  }

  /** A hint that some container may have ended. */
  hintAll(): void {
    for (const containerId of this.#bells.keys()) this.hint(containerId);
  }

  /**
   * Waits until the container has exited, or is lost. It may be created, running or exited already; trouble with the
   * engine prolongs the wait and never ends it.
   *
   * @throws the signal's reason.
   */
  async waitForExit(containerId: string, { signal }: { signal: AbortSignal }): Promise<ContainerExit> {
    // Registered before the first look, so a hint between the two is not lost.
    const bell = this.#register(containerId);
    try {
      this.#options.prepareHints();
      return await this.#watch(containerId, bell, signal);
    } finally {
      this.#unregister(containerId, bell);
    }
  }

  /**
   * Looks again at a container that ended by a SIGKILL which agentd did not send: `podman rm --force` kills before it
   * removes. Returns the same exit, or `lost` where the container is gone soon after.
   *
   * @throws the signal's reason.
   */
  async confirmKill(containerId: string, exit: Exited, signal: AbortSignal): Promise<ContainerExit> {
    for (const pauseMs of CONFIRM_KILL_MS) {
      await delay(pauseMs, undefined, { signal });
      const seen = await this.#look(containerId, signal);
      if (seen.kind === "lost") return seen;
    }
    return exit;
  }

  async #watch(containerId: string, bell: Bell, signal: AbortSignal): Promise<ContainerExit> {
    const processes = new ContainerProcesses();
    let again: readonly number[] = [];
    let looksWithoutProcess = 0;
    for (let hinted = false; ; again = hinted ? LOOK_AGAIN_MS : again.slice(1)) {
      bell.reset();
      const seen = await this.#look(containerId, signal);
      if (seen.kind === "exited" || seen.kind === "lost") return seen;
      if (seen.kind === "running") await processes.note(seen.state);
      const why = seen.kind === "running" ? await processes.whyLost() : undefined;
      if (why === undefined) looksWithoutProcess = 0;
      else if (!hinted) looksWithoutProcess++;
      if (why !== undefined && looksWithoutProcess > CONFIRM_LOST_MS.length) return { kind: "lost", why };

      const confirmMs = CONFIRM_LOST_MS[looksWithoutProcess - 1];
      const pauseMs = seen.kind === "unknown" ? TROUBLE_PAUSE_MS : (confirmMs ?? again[0]);
      hinted = await (pauseMs === undefined
        ? this.#idle(bell, processes, signal)
        : bell.heard(pauseMs, signal));
    }
  }

  /** Sleeps until there is a reason to look: a hint, or time passed and a process is not there. */
  async #idle(bell: Bell, processes: ContainerProcesses, signal: AbortSignal): Promise<boolean> {
    for (;;) {
      if (await bell.heard(this.#options.lookIntervalMs, signal)) return true;
      // A look costs the engine 3 ms for each session; checking that both processes live costs nothing.
      if (!(await processes.areAlive())) return false;
    }
  }

  async #look(containerId: string, signal: AbortSignal): Promise<Look> {
    try {
      const container = await this.#options.inspect(containerId, signal);
      return container === undefined ? { kind: "lost", why: GONE } : readLook(container);
    } catch (error) {
      signal.throwIfAborted();
      if (!(error instanceof AgentdError)) throw error;
      this.#options.log.warn({ error, containerId }, "cannot inspect a session's container; trying again");
      return { kind: "unknown" };
    }
  }

  #register(containerId: string): Bell {
    const bell = new Bell();
    const bells = this.#bells.get(containerId) ?? new Set();
    this.#bells.set(containerId, bells.add(bell));
    return bell;
  }

  #unregister(containerId: string, bell: Bell): void {
    const bells = this.#bells.get(containerId);
    bells?.delete(bell);
    if (bells?.size === 0) this.#bells.delete(containerId);
  }
}

type Look =
  | ContainerExit
  | { readonly kind: "running"; readonly state: InspectReply["State"] }
  | { readonly kind: "waiting" | "unknown" };

function readLook(container: InspectReply): Look {
  const { phase, exit } = statusOf(container);
  if (phase === "running") return { kind: "running", state: container.State };
  return exit ?? { kind: "waiting" };
}
