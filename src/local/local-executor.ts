import { ReleaseStack } from "../release-stack.ts";
import type {
  CommandEnd,
  CommandOfJob,
  EndOptions,
  Examined,
  Executor,
  Found,
  HandOver,
  Job,
  JobActivity,
  Peaks,
  Prepared,
  Preparing,
  ReleaseOptions,
  Sweeping,
} from "../sessions/port/executor.ts";
import type { ExportedWork, ExportOptions } from "../sessions/port/export.ts";
import type { DiskJob, DiskUse, ExecOptions, Usage } from "../sessions/port/live-job.ts";
import type { PublishedJob, PublishedWork, PublishOptions } from "../sessions/port/publication.ts";
import type {
  ClosedNetwork,
  NetworkOfJob,
  NetworkOptions,
  ReasonOfFailure,
} from "../sessions/port/session-network.ts";
import { activityOf } from "./activity.ts";
import { commandEnd, mayBeRemoval } from "./command-end.ts";
import { containerName } from "./container-request.ts";
import { diskUse } from "./disk-use.ts";
import { prepareExec } from "./exec.ts";
import { handOverAgain } from "./hand-over-again.ts";
import { ImageLookups } from "./image-lookups.ts";
import { KeptOnThisHost } from "./kept.ts";
import { closeNetwork, followNetwork, hasGateway, reasonOfFailure } from "./networks.ts";
import type { LocalParts } from "./parts.ts";
import { prepare } from "./prepare.ts";
import { publish } from "./publish.ts";
import { deferEverything, deferFirstProcess, type OnRemoving, type Releases } from "./releases.ts";
import { examine, listFound, sweep } from "./sweep.ts";
import { WarmPool } from "./warm-pool.ts";

/** What has to be released for one session. */
interface Made {
  readonly releases: Releases;
  /** Whether an earlier daemon has made it. */
  readonly isEarlierDaemons: boolean;
  /** Whether that includes its first process. */
  hasFirstProcess: boolean;
  /** The last caller that asked for its release. */
  onRemoving: OnRemoving | undefined;
}

/** Runs commands in containers on this host, each with a clone and a gate of its own. A `ref` is a container's id. */
export class LocalExecutor implements Executor {
  readonly kept: KeptOnThisHost;
  /** Containers that wait for sessions. */
  readonly pool: WarmPool;
  readonly #parts: LocalParts;
  readonly #images: ImageLookups;
  /** By session: what this daemon has made, or has begun to release. */
  readonly #made = new Map<string, Made>();

  constructor(parts: LocalParts) {
    this.#parts = parts;
    this.kept = new KeptOnThisHost(parts);
    this.pool = new WarmPool(parts);
    this.#images = new ImageLookups(parts);
  }

  foresee({ profile }: Pick<Job, "profile">): void {
    this.#images.begin(profile);
  }

  async prepare(job: Job, preparing: Preparing): Promise<Prepared> {
    const made = nothingMade({ isEarlierDaemons: false });
    this.#made.set(job.sessionId, made);
    const { pool } = this;
    pool.begins(job.sessionId);
    const prepared = await prepare({
      ...{ parts: this.#parts, job, preparing, pool, images: this.#images },
      releases: made.releases,
      onRemoving: (entries) => made.onRemoving?.(entries),
    });
    return {
      ref: prepared.ref,
      begin: async (options) => {
        await prepared.begin(options);
        pool.want(job);
        pool.rests(job.sessionId);
      },
    };
  }

  async wait(
    ref: string,
    { signal, isOrdered }: { signal: AbortSignal; isOrdered: () => boolean },
  ): Promise<CommandEnd> {
    const { engine } = this.#parts;
    const exit = await engine.waitForExit(ref, { signal });
    if (isOrdered() || !mayBeRemoval(exit)) return commandEnd(exit);
    return commandEnd(await engine.confirmKill(ref, exit, signal));
  }

  async peaks(ref: string, options: { signal: AbortSignal }): Promise<Peaks> {
    return await this.#parts.engine.followPeaks(ref, options);
  }

  async activity(job: NetworkOfJob, ref: string): Promise<JobActivity> {
    return await activityOf(this.#parts, job, ref);
  }

  async signal(ref: string, name: "SIGTERM" | "SIGKILL"): Promise<void> {
    await this.#parts.engine.signalContainer(ref, name);
  }

  async adopt(
    job: CommandOfJob,
    ref: string,
    options: { ended: Promise<CommandEnd>; signal: AbortSignal },
  ): Promise<HandOver> {
    return await handOverAgain({ ...this.#parts, ...options, job, containerId: ref });
  }

  async followNetwork(job: NetworkOfJob, ref: string, options: NetworkOptions): Promise<void> {
    await followNetwork(this.#parts, job, ref, options);
  }

  async reasonOfFailure(job: NetworkOfJob): Promise<ReasonOfFailure | undefined> {
    return await reasonOfFailure(this.#parts, job);
  }

  async closeNetwork(job: NetworkOfJob): Promise<ClosedNetwork | undefined> {
    return await closeNetwork(this.#parts, job);
  }

  async exec(
    job: CommandOfJob,
    options: ExecOptions & { readonly signal: AbortSignal },
  ): Promise<readonly string[]> {
    return await prepareExec(this.#parts, job, options);
  }

  async usage(ref: string): Promise<Usage | undefined> {
    return await this.#parts.engine.live.usage(ref);
  }

  async diskUse(job: DiskJob, ref: string): Promise<DiskUse> {
    return await diskUse(this.#parts, job, ref);
  }

  async pause(ref: string): Promise<void> {
    await this.#parts.engine.live.pause(ref);
  }

  async resume(ref: string): Promise<void> {
    await this.#parts.engine.live.resume(ref);
  }

  async endProcesses(job: CommandOfJob, { mayStillRun }: EndOptions): Promise<undefined> {
    const made = this.#madeFor(job.sessionId);
    this.pool.begins(job.sessionId);
    if (mayStillRun && !made.hasFirstProcess) {
      deferFirstProcess(made.releases, job, this.#parts);
      made.hasFirstProcess = true;
    }
    await made.releases.processes.release();
  }

  async exportWork(
    { sessionId, profile: { artifacts } }: Pick<Job, "sessionId" | "profile">,
    options: ExportOptions,
  ): Promise<ExportedWork> {
    const { instance, engine, workspaces, leftovers } = this.#parts;
    // A dead daemon's export may still be at work there.
    if (this.#madeFor(sessionId).isEarlierDaemons) await leftovers.endWork([sessionId]);
    const homeVolumeDirectory =
      artifacts.length === 0 ? undefined : await engine.homeDirectory(containerName(instance, sessionId));
    return await workspaces.exportWork(sessionId, { ...options, artifacts, homeVolumeDirectory });
  }

  async publishWork(job: PublishedJob, options: PublishOptions): Promise<PublishedWork> {
    const { leftovers } = this.#parts;
    // A dead daemon's push may still be under way.
    if (this.#madeFor(job.sessionId).isEarlierDaemons) await leftovers.endWork([job.sessionId]);
    return await publish(this.#parts, job, options);
  }

  async releaseWork(
    { sessionId }: Pick<Job, "sessionId">,
    { onRemoving }: Pick<ReleaseOptions, "onRemoving">,
  ): Promise<void> {
    const made = this.#madeFor(sessionId);
    made.onRemoving = onRemoving;
    await made.releases.workspace.release();
  }

  async release(job: CommandOfJob, options: ReleaseOptions): Promise<void> {
    try {
      await (options.isKept === true ? this.#releaseKept(job) : this.#release(job, options));
    } finally {
      this.pool.rests(job.sessionId);
    }
  }

  async #release(job: CommandOfJob, { mayStillRun, onRemoving }: ReleaseOptions): Promise<void> {
    const made = this.#madeFor(job.sessionId);
    made.onRemoving = onRemoving;
    await this.endProcesses(job, { mayStillRun });
    // Also of a session that goes back to the queue. Twice is fine.
    if (hasGateway(job)) await this.#parts.network.close(job.sessionId);
    await made.releases.files.release();
    await made.releases.workspace.release();
    this.#made.delete(job.sessionId);
  }

  async list(): Promise<Found[]> {
    return await listFound(this.#parts);
  }

  async examine(found: Found): Promise<Examined> {
    return await examine(this.#parts, found);
  }

  async sweep(sweeping: Sweeping): Promise<void> {
    await sweep(this.#parts, sweeping);
  }

  /** A session that is kept loses what nobody looks into. Twice is fine. */
  async #releaseKept(job: CommandOfJob): Promise<void> {
    const { network, credentials, failpoints } = this.#parts;
    if (hasGateway(job)) await network.close(job.sessionId);
    await credentials.removeGate(job.sessionId);
    await failpoints.reach("gate_removed");
    this.#made.delete(job.sessionId);
  }

  #madeFor(sessionId: string): Made {
    const made = this.#made.get(sessionId) ?? this.#everything(sessionId);
    this.#made.set(sessionId, made);
    return made;
  }

  /** It is unknown how much an earlier daemon has made. */
  #everything(sessionId: string): Made {
    const made = nothingMade({ isEarlierDaemons: true });
    deferEverything(made.releases, sessionId, this.#parts, (entries) => made.onRemoving?.(entries));
    return made;
  }
}

function nothingMade({ isEarlierDaemons }: Pick<Made, "isEarlierDaemons">): Made {
  const releases = {
    processes: new ReleaseStack(),
    files: new ReleaseStack(),
    workspace: new ReleaseStack(),
  };
  return { releases, isEarlierDaemons, hasFirstProcess: false, onRemoving: undefined };
}
