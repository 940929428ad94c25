/** Containers that run: what they use, and whether they stand still. */
import type { Environment } from "../../environment.ts";
import { AgentdError } from "../../errors.ts";
import type { Podman } from "../host/engine-report.ts";
import { containerGroup } from "../host/user-manager-group.ts";
import { type ContainerUsage, containerUsage, PidNamespaces } from "./container-usage.ts";
import type { Containers } from "./containers.ts";
import { bytesOfOpenFiles, bytesOfTrees } from "./disk-use.ts";
import { groupSeconds, treeSeconds } from "./processor-time.ts";
import { continueAll, stopAll } from "./standstill.ts";

export interface LiveContainersHost {
  readonly containers: Containers;
  readonly podman: Podman;
  /** Whether containers have control groups that can be frozen. */
  readonly canFreeze: boolean;
  /** The group of the user's service manager, in which containers have theirs; undefined: they have none. */
  readonly managerGroup: string | undefined;
  /** Of this daemon, for programs. */
  readonly environment: Environment;
}

export class LiveContainers {
  readonly #host: LiveContainersHost;
  readonly #namespaces = new PidNamespaces();

  constructor(host: LiveContainersHost) {
    this.#host = host;
  }

  /** What a container uses now; undefined when it does not run. */
  async usage(id: string): Promise<ContainerUsage | undefined> {
    const pid = await this.#firstPid(id);
    return pid === 0 ? undefined : await containerUsage(this.#namespaces, pid, this.#groupOf(id));
  }

  /**
   * The processor time of a container since its start, in seconds; undefined when it does not run. It only grows. Where the
   * container has no control group, processes that Podman has added from outside do not count.
   */
  async cpuSeconds(id: string): Promise<number | undefined> {
    const pid = await this.#firstPid(id);
    if (pid === 0) return undefined;
    const group = this.#groupOf(id);
    return (group === undefined ? undefined : await groupSeconds(group)) ?? (await treeSeconds(pid));
  }

  /**
   * What directories and the container's own layer take on the disk, with files that only its processes still have.
   *
   * @throws AgentdError `engine_failed` when they cannot be measured.
   */
  async diskBytes(id: string, directories: readonly string[]): Promise<number> {
    const { containers, podman } = this.#host;
    const found = await containers.inspect(id);
    const layer = found?.GraphDriver?.Data?.UpperDir;
    const trees = await bytesOfTrees(podman, layer === undefined ? directories : [...directories, layer]);
    const pid = found?.State.Pid ?? 0;
    return trees + (pid === 0 ? 0 : await bytesOfOpenFiles(await this.#namespaces.neighboursOf(pid)));
  }

  /** What directories that containers may have written take on the disk. @throws AgentdError `engine_failed`. */
  async treeBytes(directories: readonly string[]): Promise<number> {
    return await bytesOfTrees(this.#host.podman, directories);
  }

  /**
   * Has all processes of a running container stand still: frozen by its control group, else stopped by signals.
   *
   * @throws AgentdError `pause_failed`: some may stand still.
   */
  async pause(id: string): Promise<void> {
    const { containers, canFreeze, environment } = this.#host;
    const pid = await this.#firstPid(id);
    if (pid === 0) throw notThere(id);
    if (canFreeze && (await containers.freeze(id, "pause")) === undefined) return;
    await stopAll(pid, { namespaces: this.#namespaces, environment });
  }

  /** Has its processes go on, however they stand still; a container that has ended is fine. @throws AgentdError `pause_failed`. */
  async resume(id: string): Promise<void> {
    const { containers, environment } = this.#host;
    const { Pid: pid = 0, Status: status } = (await containers.inspect(id))?.State ?? {};
    if (pid === 0) return;
    if (status !== "paused") {
      await continueAll(pid, environment);
      return;
    }
    const refusal = await containers.freeze(id, "unpause");
    if (refusal !== undefined) throw failed("continue", id, refusal.message);
  }

  /** 0 when it does not run. */
  async #firstPid(id: string): Promise<number> {
    return (await this.#host.containers.inspect(id))?.State.Pid ?? 0;
  }

  /** The directory of its control group; undefined: it has none. */
  #groupOf(id: string): string | undefined {
    const { managerGroup } = this.#host;
    return managerGroup === undefined ? undefined : containerGroup(managerGroup, id);
  }
}

function notThere(id: string): AgentdError {
  return failed("pause", id, "it does not run");
}

function failed(action: string, id: string, why: string): AgentdError {
  return new AgentdError("pause_failed", {
    tried: `${action} container ${id}`,
    why,
    next: "See `agentd ps`; a session that stands still can be stopped with `agentd stop`.",
  });
}
