/** Creates containers, each with the OCI runtime that it asks for. */
import { AgentdError } from "../errors.ts";
import type { ContainerRequest } from "./containers/container-spec.ts";
import { Containers } from "./containers/containers.ts";
import type { Podman } from "./host/engine-report.ts";
import { findRuntime } from "./host/oci-runtimes.ts";
import { type RuntimeServiceOptions, RuntimeServices } from "./service/runtime-service.ts";

export interface RuntimeContainersOptions extends RuntimeServiceOptions {
  /** Makes those that ask for none. */
  readonly containers: Pick<Containers, "create">;
  readonly podman: Podman;
  /** Of a service that agentd does not run; undefined: it runs its own. */
  readonly externalSocket: string | undefined;
}

export class RuntimeContainers {
  readonly #options: RuntimeContainersOptions;
  readonly #services: RuntimeServices;
  /** That Podman has found. */
  readonly #found = new Set<string>();

  constructor(options: RuntimeContainersOptions) {
    this.#options = options;
    this.#services = new RuntimeServices(options);
  }

  /**
   * As `Containers.create`.
   *
   * @throws AgentdError `runtime_missing`, `engine_unavailable`.
   */
  async create(
    { name, runtime }: Pick<ContainerRequest, "name" | "runtime">,
    spec: Readonly<Record<string, unknown>>,
    signal?: AbortSignal,
  ): Promise<string> {
    if (runtime === undefined) return await this.#options.containers.create(name, spec, signal);
    await this.#require(runtime);
    return await this.#services.with(runtime, (http) => new Containers(http).create(name, spec, signal));
  }

  /** Ends all services. */
  async stop(): Promise<void> {
    await this.#services.stop();
  }

  async #require(runtime: string): Promise<void> {
    const { podman, externalSocket } = this.#options;
    if (externalSocket !== undefined)
      throw missing(
        runtime,
        "daemon.podman_socket names a service that agentd does not run, and only its own can be told which runtime to use",
        "Remove daemon.podman_socket, or the profile's runtime.",
      );
    if (this.#found.has(runtime)) return;
    const found = await findRuntime(podman, runtime);
    if (found.kind === "missing")
      throw missing(
        runtime,
        found.why,
        `Install ${runtime}, name its path below [engine.runtimes] in containers.conf, or remove the profile's runtime.`,
      );
    this.#found.add(runtime);
  }
}

function missing(runtime: string, why: string, next: string): AgentdError {
  return new AgentdError("runtime_missing", { tried: `use the OCI runtime ${runtime}`, why, next });
}
