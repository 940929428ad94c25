/**
 * Verifies that a container is as confined as was asked, before anything of a session runs in it.
 */
import { AgentdError } from "../../errors.ts";
import { oneAtATime } from "../../one-at-a-time.ts";
import { weaknesses } from "../containers/container-check.ts";
import { type ContainerRequest, type Containment, idMappings } from "../containers/container-spec.ts";
import type { Containers } from "../containers/containers.ts";
import { lastLine, type Podman } from "../host/engine-report.ts";
import type { EngineHost } from "../host/host-features.ts";
import { containerMissing } from "../service/engine-failure.ts";
import { idWeaknesses, parseOciConfig, seccompWeaknesses } from "./oci-config.ts";

export interface VerifierOptions {
  readonly containers: Containers;
  readonly host: EngineHost;
  readonly containment: Containment;
  /** The program: only Podman's user namespace can read the runtime's configuration of a container. */
  readonly podman: Podman;
}

const READ_LIMIT_MS = 30_000;

export class ContainerVerifier {
  readonly #options: VerifierOptions;
  readonly #verified = new Set<string>();
  /** Images whose containers are known to have the right filter of system calls. */
  readonly #filtered = new Set<string>();
  readonly #inTurn = oneAtATime();

  constructor(options: VerifierOptions) {
    this.#options = options;
  }

  /**
   * Checks a created container against its request: the first of each image and kind of request.
   *
   * @throws `container_weaker`.
   */
  async verifyCreated(id: string, request: ContainerRequest, signal?: AbortSignal): Promise<void> {
    const kind = JSON.stringify([
      ...[request.image, request.network, request.limits, request.surroundings],
      request.binds.map(shapeOf),
    ]);
    if (this.#verified.has(kind)) return;
    const { containers, host, containment } = this.#options;
    const container = await containers.inspect(id, signal);
    if (container === undefined) throw containerMissing(`check container ${id}`);
    refuseWeak(request.name, weaknesses(container, request, host, containment));
    this.#verified.add(kind);
  }

  /**
   * Checks the filter of system calls of a started container, which the engine makes only then: of the first container
   * of each image.
   *
   * @param image undefined checks this container in any case.
   * @throws `container_weaker`, `container_missing`; `engine_failed` when it cannot be read.
   */
  async verifyStarted(id: string, image: string | undefined, signal?: AbortSignal): Promise<void> {
    if (this.#isFiltered(image)) return;
    await this.#inTurn(async () => {
      if (this.#isFiltered(image)) return;
      refuseWeak(id, seccompWeaknesses(parseOciConfig(await this.#readOciConfig(id, signal))));
      if (image !== undefined) this.#filtered.add(image);
    });
  }

  /**
   * Checks the ids of a started container on a file system that is no image's: inspect does not show them.
   *
   * @throws as `verifyStarted`.
   */
  async verifyIds(id: string): Promise<void> {
    const config = parseOciConfig(await this.#readOciConfig(id));
    refuseWeak(id, idWeaknesses(config, idMappings(this.#options.host)));
  }

  #isFiltered(image: string | undefined): boolean {
    return image !== undefined && this.#filtered.has(image);
  }

  async #readOciConfig(id: string, signal?: AbortSignal): Promise<string> {
    const { containers, podman } = this.#options;
    const tried = `check the system calls of container ${id}`;
    const container = await containers.inspect(id, signal);
    if (container === undefined) throw containerMissing(tried);
    const read = await podman(["unshare", "cat", "--", container.OCIConfigPath], READ_LIMIT_MS);
    if (read.kind === "ended" && read.exitCode === 0) return read.stdout;
    throw new AgentdError("engine_failed", {
      tried,
      why: read.kind === "ended" ? lastLine(read.stderr) : `podman unshare is ${read.kind}`,
      next: "Check that `podman unshare true` works as the daemon's user.",
    });
  }
}

function shapeOf({ readOnly, relabel }: ContainerRequest["binds"][number]): unknown {
  return [readOnly, relabel];
}

function refuseWeak(container: string, found: readonly string[]): void {
  if (found.length === 0) return;
  throw new AgentdError("container_weaker", {
    tried: `confine container ${container} as asked`,
    why: found.join("; "),
    next: "Check containers.conf for settings that weaken isolation, and check the version of Podman.",
    details: { found },
  });
}
