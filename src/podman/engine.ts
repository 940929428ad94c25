/** The entry to the engine room: everything that sessions need from Podman, without how it is done. */
import { join } from "node:path";
import { identifyProcess, type ProcessIdentity } from "../process-identity.ts";
import { type ContainerRequest, containerSpec, homeVolume } from "./containers/container-spec.ts";
import { type ContainerStatus, type Exited, statusOf } from "./containers/container-status.ts";
import { Containers, type ListedContainer } from "./containers/containers.ts";
import {
  endFirstProcess,
  type Endings,
  findCommand,
  findLauncher,
  type FoundCommand,
  type Launcher,
  stillWaits,
} from "./containers/first-process.ts";
import type { KeptContainers } from "./containers/kept-containers.ts";
import type { LiveContainers } from "./containers/live-containers.ts";
import { followPeaks, type ResourcePeaks } from "./containers/resource-peaks.ts";
import { type ListedVolume, Volumes } from "./containers/volumes.ts";
import type { EngineOptions } from "./engine-options.ts";
import { EventStream } from "./exits/event-stream.ts";
import { ExitFiles, EXITS_BELOW_RUNTIME } from "./exits/exit-files.ts";
import { ALL_EXIT_HINTS } from "./exits/exit-hints.ts";
import { type ContainerExit, ExitWatch } from "./exits/exit-watch.ts";
import { findHost, type FoundHost } from "./found-host.ts";
import { type Podman, podmanProgram } from "./host/engine-report.ts";
import { type EngineHost, type LimitName, SESSION_UID } from "./host/host-features.ts";
import { containerGroup } from "./host/user-manager-group.ts";
import { type PullPolicy, type ResolvedImage, resolveImage, type ResolveOptions } from "./images/images.ts";
import { RuntimeContainers } from "./runtime-containers.ts";
import { type EngineService, ping } from "./service/engine-service.ts";
import { EngineHttp } from "./service/http.ts";
import { serviceOf } from "./service/service-of.ts";

/** A container that was created and has not started. */
export interface CreatedContainer {
  /** 64 hex digits. */
  readonly id: string;
  /** Limits that were asked for, or are the default, and that this host cannot enforce. */
  readonly unenforcedLimits: readonly LimitName[];
}

/** After `start`, every method may throw `engine_unavailable`, `engine_timeout` and `engine_failed`. */
export class Engine {
  readonly #labels: Readonly<Record<string, string>>;
  readonly #service: EngineService;
  readonly #http: EngineHttp;
  readonly #containers: Containers;
  readonly #volumes: Volumes;
  readonly #runtimes: RuntimeContainers;
  readonly #exits: ExitWatch;
  readonly #exitFiles: ExitFiles;
  readonly #events: EventStream;
  readonly #followsEvents: boolean;
  readonly #options: EngineOptions;
  readonly #podman: Podman;
  #found: FoundHost | undefined;
  /** Whether the service answers within so many milliseconds. Never throws. */
  readonly answers = (deadlineMs: number): Promise<boolean> => ping(this.#service.socketPath, deadlineMs);

  constructor(options: EngineOptions) {
    const { environment, instanceLabel, log, hints = ALL_EXIT_HINTS } = options;
    this.#labels = { [instanceLabel.name]: instanceLabel.value };
    this.#service = serviceOf(options);
    this.#http = new EngineHttp(this.#service);
    this.#containers = new Containers(this.#http);
    this.#podman = podmanProgram(environment, undefined);
    this.#volumes = new Volumes(this.#http, this.#podman);
    const { runtimeDirectory, externalSocket } = options;
    const ofServices = { runtimeDirectory, environment, externalSocket, log };
    this.#runtimes = new RuntimeContainers({
      ...{ podman: this.#podman, containers: this.#containers },
      ...ofServices,
    });
    this.#exitFiles = new ExitFiles({
      directory: join(environment["XDG_RUNTIME_DIR"] ?? "/", EXITS_BELOW_RUNTIME),
      onExit: (id, complete) => this.#exits.hint(id, complete),
      log,
    });
    this.#exits = new ExitWatch({
      inspect: (id, signal) => this.#containers.inspect(id, signal),
      lookIntervalMs: hints.inspectIntervalMs,
      prepareHints: () => hints.exitFiles && this.#exitFiles.ensure(),
      log,
    });
    this.#events = new EventStream({
      http: this.#http,
      service: this.#service,
      label: `${instanceLabel.name}=${instanceLabel.value}`,
      onContainer: (id) => this.#exits.hint(id),
      onOpened: () => this.#exits.hintAll(),
      log,
    });
    this.#followsEvents = hints.events;
    this.#options = options;
  }

  /**
   * Starts the service and asks it about the host. After a failure, `stop` ends what was begun.
   *
   * @throws `engine_unavailable`, `engine_unsuitable`.
   */
  async start(): Promise<void> {
    await this.#service.start();
    this.#found = await findHost({
      ...{ http: this.#http, containers: this.#containers, podman: this.#podman, labels: this.#labels },
      create: (request, spec) => this.#runtimes.create(request, spec),
      ...this.#options,
    });
    if (this.#followsEvents) void this.#events.follow();
  }

  /** Ends what `start` began; containers go on. Waits that are still open are ended by their signals. Idempotent. */
  async stop(): Promise<void> {
    this.#events.close();
    this.#exitFiles.close();
    this.#http.close();
    await Promise.all([this.#service.stop(), this.#runtimes.stop()]);
  }

  /** What this host can do; known after `start`. */
  get host(): EngineHost {
    return this.#started.host;
  }

  /** What is asked of containers that run. */
  get live(): LiveContainers {
    return this.#started.live;
  }

  /** What is asked of containers that have ended and stay. */
  get kept(): KeptContainers {
    return this.#started.kept;
  }

  /** Finds an image and pulls it where the policy says so. @throws `image_missing`. */
  resolveImage(reference: string, pull: PullPolicy, options: ResolveOptions = {}): Promise<ResolvedImage> {
    return resolveImage(this.#http, reference, pull, options);
  }

  /**
   * Whether a path exists in an image; looked up once per image and path. The first look also pays for what the first
   * container of an image would wait for: the copy of its layers with the ids of sessions.
   */
  imageHasPath(imageId: string, path: string): Promise<boolean> {
    return this.#started.probe.hasPath(imageId, path);
  }

  /**
   * Creates a container, and checks that it is as confined as asked; not every time, see `verifyContainer`.
   *
   * @throws `container_weaker`, with no container left behind.
   */
  async createContainer(request: ContainerRequest, signal?: AbortSignal): Promise<CreatedContainer> {
    const labels = { ...request.labels, ...this.#labels };
    const { host, containment } = this.#started;
    const { spec, unenforcedLimits } = containerSpec({ ...request, labels }, host, containment);
    if (request.homeFromImage) await this.#volumes.create(homeVolume(request.name), labels);
    const id = await this.#runtimes.create(request, spec, signal);
    try {
      await this.verifyContainer(id, request, signal);
      if (request.homeFromImage) await this.#containers.giveDirectory(id, request.home, SESSION_UID, signal);
    } catch (error) {
      await this.#containers.remove(id);
      throw error;
    }
    return { id, unenforcedLimits };
  }

  /**
   * Checks a created container against its request: the first of each image and kind of request.
   *
   * @throws `container_weaker`.
   */
  verifyContainer(id: string, request: ContainerRequest, signal?: AbortSignal): Promise<void> {
    return this.#started.verifier.verifyCreated(id, request, signal);
  }

  /**
   * Starts a created container; one that has started already is fine. Then checks which system calls it may make, so
   * nothing of a session's may run in it before this returns.
   *
   * @param image of the container: only the first of each image is checked. Undefined checks this one in any case.
   * @param filter "own": `Surroundings.seccompProfile`, which is not checked.
   * @throws `container_missing`; `container_weaker`, with the container still running.
   */
  async startContainer(id: string, image?: string, filter: "agentd" | "own" = "agentd"): Promise<void> {
    await this.#containers.start(id);
    if (filter === "agentd") await this.#started.verifier.verifyStarted(id, image);
  }

  /** A container by id or name; undefined when it does not exist. */
  async inspectContainer(id: string, signal?: AbortSignal): Promise<ContainerStatus | undefined> {
    const container = await this.#containers.inspect(id, signal);
    return container && statusOf(container);
  }

  /** The first process of a running container, as the host sees it; undefined when it does not run. */
  async firstProcess(id: string): Promise<ProcessIdentity | undefined> {
    const pid = (await this.#containers.inspect(id))?.State.Pid ?? 0;
    return pid === 0 ? undefined : identifyProcess(pid);
  }

  /** Whether the child of a running container's first process, Podman's init, has a command line with such an ending. */
  async findCommand(id: string, endings: Endings): Promise<FoundCommand> {
    const pid = (await this.#containers.inspect(id))?.State.Pid ?? 0;
    return pid === 0 ? "none" : await findCommand(pid, endings);
  }

  /**
   * Kills the first process of a container by its pid and waits until it is gone, for when the engine cannot: conmon
   * has died. Nothing is killed unless its command line has such an ending.
   */
  async endFirstProcess(idOrName: string, endings: Endings): Promise<void> {
    const pid = (await this.#containers.inspect(idOrName))?.State.Pid ?? 0;
    if (pid !== 0) await endFirstProcess(pid, endings);
  }

  /** The launcher of a running container; undefined when it does not run. */
  async findLauncher(id: string): Promise<Launcher | undefined> {
    const pid = (await this.#containers.inspect(id))?.State.Pid ?? 0;
    return pid === 0 ? undefined : await findLauncher(pid);
  }

  /** Whether it still waits, as it was started; asks `/proc` alone. */
  readonly stillWaits = stillWaits;

  /** Whether a container runs, and is not paused. */
  async isRunning(id: string): Promise<boolean> {
    return (await this.#containers.inspect(id))?.State.Status === "running";
  }

  /** Gives a container another name, which is free. It may run. */
  async renameContainer(id: string, name: string): Promise<void> {
    await this.#containers.rename(id, name);
  }

  /** Waits for the end of a container that is created, runs, or has exited. @throws the signal's reason only. */
  waitForExit(id: string, options: { readonly signal: AbortSignal }): Promise<ContainerExit> {
    return this.#exits.waitForExit(id, options);
  }

  /** The same exit by SIGKILL, or `lost` where it was the beginning of the container's removal. @throws the signal's reason. */
  confirmKill(id: string, exit: Exited, signal: AbortSignal): Promise<ContainerExit> {
    return this.#exits.confirmKill(id, exit, signal);
  }

  /**
   * Follows what a running container uses at most. Resolves when the signal is aborted, to be aborted when the
   * container has ended; does not reject.
   */
  async followPeaks(id: string, { signal }: { readonly signal: AbortSignal }): Promise<ResourcePeaks> {
    const { managerGroup } = this.#started;
    return managerGroup === undefined ? {} : await followPeaks(containerGroup(managerGroup, id), signal);
  }

  /** Sends a signal to the first process; a container that does not run, or does not exist, is fine. */
  signalContainer(id: string, signalName: NodeJS.Signals): Promise<void> {
    return this.#containers.signal(id, signalName);
  }

  /** Kills and removes a container, by id or name; missing is fine. Its home volume stays. */
  removeContainer(idOrName: string): Promise<void> {
    return this.#containers.remove(idOrName);
  }

  /**
   * The directory on this host of a container's home where that is a volume, also after the container's removal;
   * undefined without such a volume. Its path is the engine's own, and what is in it may be anybody's.
   */
  homeDirectory(containerName: string): Promise<string | undefined> {
    return this.#volumes.directoryOf(homeVolume(containerName), this.#started.host.volumeDirectory);
  }

  /** Removes a volume that no container uses; missing is fine. */
  removeVolume(name: string): Promise<void> {
    return this.#volumes.remove(name);
  }

  /** The volumes of this instance. */
  listVolumes(): Promise<ListedVolume[]> {
    return this.#volumes.list(this.#labels);
  }

  /** The containers of this instance that carry these labels too. */
  listContainers(labels: Readonly<Record<string, string>> = {}): Promise<ListedContainer[]> {
    return this.#containers.list({ ...labels, ...this.#labels });
  }

  get #started() {
    if (this.#found === undefined) throw new Error("the engine is used before it has started");
    return this.#found;
  }
}
