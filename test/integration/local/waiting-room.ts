/** The pool of waiting containers on a real engine, without a daemon around it: with a clock and a host that a test can change. */
import { mkdir, readdir, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { vi } from "vitest";
import type { Config } from "../../../src/config/config.ts";
import { isMemoryShort } from "../../../src/daemon/memory-shortage.ts";
import { credentialsOf, hostPathsOf, workspacesOf } from "../../../src/daemon/session-adapters.ts";
import { waitingRecords } from "../../../src/daemon/waiting-records.ts";
import { warmPolicy } from "../../../src/daemon/warm-policy.ts";
import { NO_FAILPOINTS } from "../../../src/failpoints.ts";
import { FifoMaker } from "../../../src/fifos.ts";
import type { Waiting } from "../../../src/local/make-waiting.ts";
import type { LocalParts } from "../../../src/local/parts.ts";
import { WarmPool } from "../../../src/local/warm-pool.ts";
import type { Profile } from "../../../src/profile/profile.ts";
import type { Job } from "../../../src/sessions/port/executor.ts";
import { plannedProfile } from "../../../src/sessions/state/plan.ts";
import { removeTree } from "../../../src/trees/remove-tree.ts";
import { ConfigFile } from "../../kit/config-under-test.ts";
import { containersEnvironment } from "../../kit/containers-environment.mjs";
import { type Container, containersOf } from "../../kit/podman.mjs";
import { type EngineRoom, openEngineRoom } from "../podman/engine-room.ts";

const ENOUGH = "MemTotal: 1000 kB\nMemAvailable: 100 kB\n";
const SHORT = "MemTotal: 1000 kB\nMemAvailable: 99 kB\n";

export class WaitingRoom {
  readonly pool: WarmPool;
  readonly instance: string;
  /** Added to the monotonic clock, in milliseconds. */
  aheadMs = 0;
  readonly #engineRoom: EngineRoom;
  readonly #file: ConfigFile;
  readonly #fifos = new FifoMaker();
  readonly #current: { config: Config };
  #jobs = 0;

  private constructor(engineRoom: EngineRoom, file: ConfigFile, config: Config) {
    this.#engineRoom = engineRoom;
    this.#file = file;
    this.#current = { config };
    this.instance = engineRoom.instance;
    this.pool = new WarmPool(this.#parts());
  }

  /** @param config of a daemon, as TOML. */
  static async open(config: string): Promise<WaitingRoom> {
    const file = await ConfigFile.create();
    const room = new WaitingRoom(await openEngineRoom(), file, await file.load(config));
    for (const directory of ["audit", "cache", "runtime", "records"]) await mkdir(room.#at(directory));
    await writeFile(room.#at("meminfo"), ENOUGH);
    return room;
  }

  async close(): Promise<void> {
    await this.pool.close();
    await this.#fifos.close();
    await this.#engineRoom.close();
    await rm(this.#file.directory, { recursive: true });
  }

  /** A session of a profile, with a record. */
  async job(name: string, changes: Partial<Job> = {}): Promise<Job> {
    const profile = this.#profile(name);
    if (profile === undefined) throw new Error(`there is no profile ${name}`);
    this.#jobs += 1;
    const sessionId = this.#jobs.toString(16).padStart(16, "0");
    const runaDirectory = this.#at("records", sessionId);
    await mkdir(runaDirectory);
    const planned = plannedProfile(profile);
    return { sessionId, profile: planned, runaDirectory, ...changes } as unknown as Job;
  }

  /** Has a session of a profile begin, and returns the container that waits for the next one. */
  async waitingFor(name: string, changes: Partial<Job> = {}): Promise<Container> {
    const before = new Set((await this.containers()).map(({ Id }) => Id));
    const { waiting } = await this.pool.status();
    this.pool.want(await this.job(name, changes));
    await vi.waitFor(async () => {
      if ((await this.pool.status()).waiting <= waiting) throw new Error("none waits");
    }, LONG);
    const made = (await this.containers()).find(({ Id }) => !before.has(Id));
    if (made === undefined) throw new Error("its container is not there");
    return made;
  }

  /** Has the next session of a profile begin. */
  async take(name: string, changes: Partial<Job> = {}): Promise<Waiting | undefined> {
    return await this.pool.take(await this.job(name, changes));
  }

  async reload(config: string): Promise<void> {
    this.#current.config = await this.#file.load(config);
    await this.pool.configurationChanged();
  }

  async haveLittleMemory(): Promise<void> {
    await writeFile(this.#at("meminfo"), SHORT);
  }

  /** Has the pool look at all that wait, as it does every half a minute. */
  look(): void {
    this.pool.begins("a session");
    this.pool.rests("a session");
  }

  async containers(): Promise<Container[]> {
    return await containersOf(containersEnvironment(), this.instance);
  }

  /** Everything that belongs to waiting containers: names of containers, and paths below the directories of a daemon. */
  async left(): Promise<string[]> {
    const places = [["audit"], ["cache", "staging"], ["runtime", "gates"]];
    const names = places.map(async (place) => await readdir(this.#at(...place)).catch(() => []));
    return [
      ...(await this.containers()).map(({ Names }) => Names.join()),
      ...(await Promise.all(names)).flat(),
    ];
  }

  /** Resolves once nothing of them is left. */
  async empty(): Promise<void> {
    await vi.waitFor(async () => {
      const left = await this.left();
      if (left.length > 0) throw new Error(`there is still ${left.join(", ")}`);
    }, LONG);
  }

  #profile(name: string): Profile | undefined {
    return this.#current.config.profiles.find((profile) => profile.name === name);
  }

  #at(...names: string[]): string {
    return join(this.#file.directory, ...names);
  }

  #parts(): LocalParts {
    const { engine, instance } = this.#engineRoom;
    const places = { auditRoot: this.#at("audit"), instance };
    const current = this.#current;
    const policy = warmPolicy(
      {
        get config() {
          return current.config;
        },
        profile: (name) => this.#profile(name),
      },
      { hasWaiting: false },
    );
    const parts = {
      ...{ instance, engine, hostPaths: hostPathsOf([]), failpoints: NO_FAILPOINTS },
      workspaces: workspacesOf(this.#at("cache"), instance, {
        environment: process.env,
        remove: removeTree,
      } as unknown as Parameters<typeof workspacesOf>[2]),
      credentials: credentialsOf(this.#at("runtime"), { current: {}, file: "none" }, {
        failpoints: NO_FAILPOINTS,
        fifos: this.#fifos,
      } as unknown as Parameters<typeof credentialsOf>[2]),
      network: { environment: {} },
      warm: {
        ...policy,
        isMemoryShort: () => isMemoryShort(this.#at("meminfo")),
        skeletons: waitingRecords(places, removeTree),
      },
      clock: { monotonic: () => performance.now() + this.aheadMs },
      log: { info: () => undefined, warn: console.warn, error: console.error },
    };
    return parts as unknown as LocalParts;
  }
}

/** Only bounds how long a hang lasts. */
export const LONG = { timeout: 60_000, interval: 50 };
