/**
 * Podman services for OCI runtimes that are not Podman's default. libpod's create request has a field for the runtime that Podman
 * ignores (measured on 4.3), but a service that was started with `--runtime` makes its containers with that runtime. Podman keeps it
 * with the container, so any other service starts such a container with it, too.
 */
import { join } from "node:path";
import type { Environment } from "../../environment.ts";
import type { Logger } from "../../log.ts";
import { EngineHttp } from "./http.ts";
import { ServiceProcess } from "./service-process.ts";

export interface RuntimeServiceOptions {
  /** As `EngineOptions.runtimeDirectory`. */
  readonly runtimeDirectory: string;
  readonly environment: Environment;
  readonly log: Logger;
}

interface Running {
  users: number;
  readonly service: ServiceProcess;
  readonly http: Promise<EngineHttp>;
}

/** Each lives as long as it is used, by one caller or several. */
export class RuntimeServices {
  readonly #options: RuntimeServiceOptions;
  readonly #running = new Map<string, Running>();
  /** By runtime: the end of the last service, which the next one would take for a leftover. */
  readonly #ending = new Map<string, Promise<void>>();

  constructor(options: RuntimeServiceOptions) {
    this.#options = options;
  }

  /**
   * Uses the service of a runtime, which Podman has to find.
   *
   * @throws AgentdError `engine_unavailable`; what `use` throws.
   */
  async with<T>(runtime: string, use: (http: EngineHttp) => Promise<T>): Promise<T> {
    const running = this.#running.get(runtime) ?? this.#start(runtime);
    running.users += 1;
    try {
      return await use(await running.http);
    } finally {
      running.users -= 1;
      if (running.users === 0) {
        this.#running.delete(runtime);
        this.#ending.set(runtime, this.#end(running));
      }
    }
  }

  /** Ends those that are used; their users get errors. */
  async stop(): Promise<void> {
    const running = [...this.#running.values()].map((each) => this.#end(each));
    await Promise.all([...running, ...this.#ending.values()]);
  }

  #start(runtime: string): Running {
    const { runtimeDirectory, environment, log } = this.#options;
    const service = new ServiceProcess({
      socketPath: join(runtimeDirectory, `podman-${runtime}.sock`),
      recordPath: join(runtimeDirectory, `podman-service-${runtime}.json`),
      ...{ environment, log, runtime },
    });
    const begin = async (): Promise<EngineHttp> => {
      await this.#ending.get(runtime);
      await service.start();
      return new EngineHttp(service);
    };
    const running = { users: 0, service, http: begin() };
    this.#running.set(runtime, running);
    return running;
  }

  async #end({ service, http }: Running): Promise<void> {
    (await http.catch(() => undefined))?.close();
    await service.stop();
  }
}
