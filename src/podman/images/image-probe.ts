/**
 * Looks into images by containers that never start.
 */
import { randomUUID } from "node:crypto";
import { AgentdError } from "../../errors.ts";
import { containerSpec, type Containment } from "../containers/container-spec.ts";
import { NO_SURROUNDINGS } from "../containers/container-surroundings.ts";
import type { Containers } from "../containers/containers.ts";
import type { EngineHost } from "../host/host-features.ts";

const MOST_TRIES = 3;

export class ImageProbe {
  readonly #containers: Containers;
  readonly #host: EngineHost;
  readonly #containment: Containment;
  readonly #labels: Readonly<Record<string, string>>;
  readonly #known = new Map<string, Promise<boolean>>();

  /** @param labels by which a probe that a crash left behind is found. */
  constructor(
    containers: Containers,
    host: EngineHost,
    containment: Containment,
    labels: Readonly<Record<string, string>>,
  ) {
    this.#containers = containers;
    this.#host = host;
    this.#containment = containment;
    this.#labels = labels;
  }

  /** Whether a path exists in an image; looked up once. */
  hasPath(imageId: string, path: string): Promise<boolean> {
    const key = `${imageId}:${path}`;
    const known = this.#known.get(key);
    if (known !== undefined) return known;
    const asked = this.#withProbe(imageId, (id) => this.#containers.hasPath(id, path));
    this.#known.set(key, asked);
    asked.catch(() => this.#known.delete(key)); // The caller gets the error; the next one asks again.
    return asked;
  }

  /** When the service is killed, the probe is left half-made and the look fails: then a new probe is asked. */
  async #withProbe<T>(imageId: string, act: (containerId: string) => Promise<T>): Promise<T> {
    for (let tries = 1; ; tries++) {
      try {
        return await this.#probeOnce(imageId, act);
      } catch (error) {
        const mayPass = error instanceof AgentdError && error.code.startsWith("engine_");
        if (!mayPass || tries === MOST_TRIES) throw error;
      }
    }
  }

  async #probeOnce<T>(imageId: string, act: (containerId: string) => Promise<T>): Promise<T> {
    const name = `agentd-probe-${randomUUID()}`;
    const { spec } = containerSpec(
      {
        name,
        image: imageId,
        user: "probe",
        home: "/",
        homeFromImage: false,
        workingDirectory: "/",
        argv: ["never-started"],
        env: {},
        unsetEnv: [],
        binds: [],
        network: "none",
        logPath: "/dev/null",
        labels: this.#labels,
        limits: {},
        surroundings: NO_SURROUNDINGS,
      },
      this.#host,
      this.#containment,
    );
    try {
      return await act(await this.#containers.create(name, spec));
    } finally {
      await this.#containers.remove(name);
    }
  }
}
