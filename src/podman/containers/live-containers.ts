/** Containers that run: what they use. */
import { containerGroup } from "../host/user-manager-group.ts";
import { type ContainerUsage, containerUsage, PidNamespaces } from "./container-usage.ts";
import type { Containers } from "./containers.ts";

export interface LiveContainersHost {
  readonly containers: Containers;
  /** The group of the user's service manager, in which containers have theirs; undefined: they have none. */
  readonly managerGroup: string | undefined;
}

export class LiveContainers {
  readonly #host: LiveContainersHost;
  readonly #namespaces = new PidNamespaces();

  constructor(host: LiveContainersHost) {
    this.#host = host;
  }

  /** What a container uses now; undefined when it does not run. */
  async usage(id: string): Promise<ContainerUsage | undefined> {
    const { containers, managerGroup } = this.#host;
    const pid = (await containers.inspect(id))?.State.Pid ?? 0;
    if (pid === 0) return undefined;
    const group = managerGroup === undefined ? undefined : containerGroup(managerGroup, id);
    return await containerUsage(this.#namespaces, pid, group);
  }
}
