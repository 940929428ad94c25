/** Containers that wait at their gates for sessions: at most one for each profile that was used lately. */
import { AgentdError } from "../errors.ts";
import { oneAtATime } from "../one-at-a-time.ts";
import type { Job } from "../sessions/port/executor.ts";
import { sleepUntil } from "../sessions/port/sleep.ts";
import { canWait, isLike, type Shape, shapeOf, WAIT_MS } from "./likeness.ts";
import { makeWaiting, removeWaiting, type Waiting } from "./make-waiting.ts";
import type { LocalParts } from "./parts.ts";

/** How long no session begins or ends before one is made, so that it slows none. */
const QUIET_MS = 100;
/** Between two looks at those that wait. */
const LOOK_MS = 30_000;
/** A session that begins or ends for longer waits for something else than a processor, such as a server or a disk. */
const WORK_MS = 60_000;

export class WarmPool {
  readonly #parts: LocalParts;
  /** By profile; those that were made first come first. */
  readonly #waiting = new Map<string, Waiting>();
  /** By profile: what its last session has used. */
  readonly #wanted = new Map<string, Shape>();
  /** Sessions that begin or end, and since when: they need the processors. */
  readonly #atWork = new Map<string, number>();
  readonly #inTurn = oneAtATime();
  readonly #closing = new AbortController();
  #next = new AbortController();
  #closed: Promise<void> | undefined;

  constructor(parts: LocalParts) {
    this.#parts = parts;
  }

  /** A session begins, or ends: nothing is made meanwhile. */
  begins(sessionId: string): void {
    this.#atWork.set(sessionId, this.#parts.clock.monotonic());
  }

  /** It runs, or has ended. */
  rests(sessionId: string): void {
    if (this.#atWork.delete(sessionId)) this.#reviewIn(QUIET_MS);
  }

  /** A session has begun: the next one of its profile is to find a container. */
  want(job: Job): void {
    this.#wanted.set(job.profile.name, shapeOf(job));
    this.#reviewIn(QUIET_MS);
  }

  /** A container for a session, which then owns it; undefined where none does. */
  async take(job: Job): Promise<Waiting | undefined> {
    const { name } = job.profile;
    // What an operator gave it lies there, or what an earlier start has left.
    if (!this.#waiting.has(name) || !(await this.#parts.warm.skeletons.fits(job))) return undefined;
    const waiting = this.#waiting.get(name);
    if (waiting === undefined || this.#most === 0 || !isLike(waiting.shape, shapeOf(job))) return undefined;
    this.#waiting.delete(name);
    if (await this.#isFresh(waiting)) return waiting;
    // No session waits for that, which may come after the making of another one.
    void this.#inTurn(() => this.#remove(waiting, "it has done more than wait, or waits too long"));
    return undefined;
  }

  /** Removes at once what the configuration does not want any more. */
  async configurationChanged(): Promise<void> {
    await this.#inTurn(() => this.#removeUnwanted());
  }

  /** How many wait and may wait, and the memory that they take. */
  async status(): Promise<{ waiting: number; most: number; memory_bytes: number }> {
    const all = [...this.#waiting.values()];
    const { live } = this.#parts.engine;
    const used = all.map(({ containerId }) => live.usage(containerId).catch(() => undefined));
    const bytes = (await Promise.all(used)).reduce((sum, usage) => sum + (usage?.memoryBytes ?? 0), 0);
    return { waiting: all.length, most: this.#most, memory_bytes: bytes };
  }

  /** Makes none any more, and removes all. */
  close(): Promise<void> {
    this.#closed ??= this.#close();
    return this.#closed;
  }

  async #close(): Promise<void> {
    this.#closing.abort();
    this.#next.abort();
    await this.#inTurn(() => this.#removeAll("the daemon ends"));
  }

  /** Never more than sessions may run, and none once this is closed. */
  get #most(): number {
    return this.#closing.signal.aborted ? 0 : this.#parts.warm.most();
  }

  async #isFresh({ key, launcher, readyMs }: Waiting): Promise<boolean> {
    const { engine, credentials, clock, warm } = this.#parts;
    if (clock.monotonic() - readyMs >= WAIT_MS) return false;
    if (await warm.skeletons.isUsed(key).catch(() => true)) return false;
    return await engine.stillWaits(launcher, credentials.launcherArgv);
  }

  /** Whether the name in its profile still means the image that it was made from; an engine that does not answer is asked later. */
  async #hasItsImage({ imageId, shape }: Waiting): Promise<boolean> {
    const { signal } = this.#closing;
    try {
      return (
        (await this.#parts.engine.resolveImage(shape.profile.baseImage, "never", { signal })).id === imageId
      );
    } catch (error) {
      return !(error instanceof AgentdError && error.code === "image_missing");
    }
  }

  /** @param ms from now; an earlier appointment is forgotten. */
  #reviewIn(ms: number): void {
    if (this.#closing.signal.aborted) return;
    this.#next.abort();
    this.#next = new AbortController();
    const { signal } = this.#next;
    const { clock, log } = this.#parts;
    const reviewed = async (): Promise<void> => {
      if (!(await sleepUntil(clock.monotonic() + ms, { clock, signal }))) return;
      await this.#inTurn(() => this.#review());
    };
    reviewed().catch((error: unknown) => log.error({ error }, "cannot look after containers that wait"));
  }

  async #review(): Promise<void> {
    await this.#removeUnwanted();
    // So that they do not keep an image that nobody would use any more.
    for (const waiting of [...this.#waiting.values()])
      if (!(await this.#hasItsImage(waiting))) await this.#removeWaiting(waiting, "its image has changed");
    if (await this.#parts.warm.isMemoryShort()) await this.#removeAll("the host has little memory left");
    else await this.#makeWanted();
    if (this.#waiting.size > 0 || this.#wanted.size > 0) this.#reviewIn(LOOK_MS);
  }

  async #removeUnwanted(): Promise<void> {
    const { warm } = this.#parts;
    for (const waiting of [...this.#waiting.values()]) {
      if (!warm.isCurrent(waiting.shape.profile))
        await this.#removeWaiting(waiting, "its profile has changed");
      else if (!(await this.#isFresh(waiting)))
        await this.#removeWaiting(waiting, "it has waited long enough");
    }
    for (const waiting of [...this.#waiting.values()].slice(0, Math.max(0, this.#waiting.size - this.#most)))
      await this.#removeWaiting(waiting, "too many wait");
  }

  async #removeAll(why: string): Promise<void> {
    this.#wanted.clear();
    for (const waiting of [...this.#waiting.values()]) await this.#removeWaiting(waiting, why);
  }

  #isAnyAtWork(): boolean {
    const now = this.#parts.clock.monotonic();
    return [...this.#atWork.values()].some((since) => now - since < WORK_MS);
  }

  async #makeWanted(): Promise<void> {
    const { warm, log } = this.#parts;
    for (const [name, shape] of [...this.#wanted]) {
      // Whoever is at work, or waits for a place, needs the processors more. It is looked at again when that has ended.
      if (this.#isAnyAtWork() || warm.hasQueue()) return;
      this.#wanted.delete(name);
      if (this.#most === 0 || !canWait(shape.profile) || !warm.isCurrent(shape.profile)) continue;
      const there = this.#waiting.get(name);
      if (there !== undefined && isLike(there.shape, shape)) continue;
      if (there !== undefined) await this.#removeWaiting(there, "the last session was another one");
      const [oldest] = this.#waiting.values();
      if (oldest !== undefined && this.#waiting.size >= this.#most)
        await this.#removeWaiting(oldest, "others were used later");
      try {
        const made = await makeWaiting(this.#parts, shape, this.#closing.signal);
        if (made === undefined) continue;
        this.#waiting.set(name, made);
        log.info({ profile: name, container: made.containerId }, "a container waits for a session");
      } catch (error) {
        log.warn({ profile: name, error }, "cannot make a container that waits for a session");
      }
    }
  }

  async #removeWaiting(waiting: Waiting, why: string): Promise<void> {
    const { name } = waiting.shape.profile;
    // A session may have taken it meanwhile.
    if (this.#waiting.get(name) !== waiting) return;
    this.#waiting.delete(name);
    await this.#remove(waiting, why);
  }

  /** The next start removes what cannot be removed now. */
  async #remove(waiting: Waiting, why: string): Promise<void> {
    const { log } = this.#parts;
    const what = { profile: waiting.shape.profile.name, container: waiting.containerId, why };
    try {
      await removeWaiting(this.#parts, waiting);
      log.info(what, "removed a container that waited");
    } catch (error) {
      log.error({ ...what, error }, "cannot remove a container that waited");
    }
  }
}
