/**
 * Containers that have ended and stay: what they take, and new containers on their file systems.
 *
 * A new one gets the file system of the ended one as it is mounted, so nothing is copied: a commit would copy the layer, and
 * its first container the whole image once more, for the ids of sessions.
 */
import { setTimeout as delay } from "node:timers/promises";
import type { Podman } from "../host/engine-report.ts";
import type { EngineHost } from "../host/host-features.ts";
import { containerMissing, engineFailure } from "../service/engine-failure.ts";
import type { EngineHttp } from "../service/http.ts";
import { keptReply } from "../service/replies.ts";
import { type ContainerRequest, containerSpec, type Containment } from "./container-spec.ts";
import { statusOf } from "./container-status.ts";
import type { Containers } from "./containers.ts";
import { bytesOfTrees } from "./disk-use.ts";

/** The container on an ended one's file system; what that one had is not asked for again. Its `env` is added to that one's. */
export type RequestOnKept = Omit<ContainerRequest, "image" | "rootDirectory" | "unsetEnv" | "argv">;

export type CreateContainer = (
  request: Pick<ContainerRequest, "name" | "runtime">,
  spec: Readonly<Record<string, unknown>>,
) => Promise<string>;

export interface KeptContainersOptions {
  readonly http: EngineHttp;
  readonly containers: Containers;
  /** The program: only in its user namespace can all files be counted. */
  readonly podman: Podman;
  readonly host: EngineHost;
  readonly containment: Containment;
  /** On every container made here. */
  readonly labels: Readonly<Record<string, string>>;
  /** Creates a container with the runtime that its request names. */
  readonly create: CreateContainer;
  /** Checks a created container against its request; throws `container_weaker`. */
  readonly verify: (id: string, request: ContainerRequest) => Promise<void>;
  /** Checks the ids of a started one; throws `container_weaker`. */
  readonly verifyIds: (id: string) => Promise<void>;
}

/** A layer, or a home, can have hundreds of thousands of files. */
const COUNT_LIMIT_MS = 300_000;
const UNMOUNT_TRIES = 5;
const UNMOUNT_PAUSE_MS = 200;

/** A first process that does nothing and needs nothing but a shell: commands run beside it. */
const STANDS_STILL: ContainerRequest["argv"] = ["/bin/sh", "-c", "while :; do kill -STOP $$; done"];

/** Variables that the engine sets itself. */
const ENGINES_OWN: ReadonlySet<string> = new Set(["HOSTNAME", "container", "TERM"]);

export class KeptContainers {
  readonly #options: KeptContainersOptions;

  constructor(options: KeptContainersOptions) {
    this.#options = options;
  }

  /** Whether a container is there and has ended: nothing of it runs then. */
  async hasEnded(name: string): Promise<boolean> {
    const found = await this.#options.containers.inspect(name);
    return found !== undefined && found.State.Pid === 0 && statusOf(found).exit !== undefined;
  }

  /**
   * How many bytes a container's layer takes, and these directories, which may be missing.
   *
   * @throws `container_missing`, `engine_failed`.
   */
  async bytes(name: string, directories: readonly string[]): Promise<number> {
    const { SizeRw: layer } = await this.#inspect(name, `measure container ${name}`, { size: "true" });
    return (layer ?? 0) + (await bytesOfTrees(this.#options.podman, directories, COUNT_LIMIT_MS));
  }

  /**
   * Creates a container on the file system of an ended one, with the variables of that one, but those named, and those of the request. Its first
   * process will do nothing.
   *
   * @returns its id.
   * @throws `container_missing` when there is no such ended container; `container_weaker`, with none left behind.
   */
  async create(kept: string, request: RequestOnKept, without: ReadonlySet<string>): Promise<string> {
    const { host, containment, containers, create, labels, verify } = this.#options;
    const { ProcessLabel: label, Config } = await this.#inspect(kept, `look into container ${kept}`);
    const whole: ContainerRequest = {
      ...request,
      image: "",
      rootDirectory: await this.#mount(kept),
      argv: STANDS_STILL,
      env: { ...variablesOf(Config.Env, without), ...request.env },
      unsetEnv: [],
      selinuxLevel: levelOf(label),
      labels: { ...request.labels, ...labels },
    };
    try {
      const id = await create(whole, containerSpec(whole, host, containment).spec);
      await verify(id, whole);
      return id;
    } catch (error) {
      await containers.remove(request.name);
      await this.unmount(kept);
      throw error;
    }
  }

  /** Starts what `create` has made; nothing but its first process runs in it. @throws `container_weaker`. */
  async start(id: string): Promise<void> {
    await this.#options.containers.start(id);
    await this.#options.verifyIds(id);
  }

  /**
   * Gives back the file system of an ended container, once for each `create`, when that one is gone: the last time unmounts it. One
   * that is not mounted is fine.
   */
  async unmount(name: string): Promise<void> {
    const tried = `unmount the file system of container ${name}`;
    for (let tries = 1; ; tries++) {
      const path = `/containers/${name}/unmount`;
      const reply = await this.#options.http.send({ tried, method: "POST", path, repeatable: true });
      if (reply.status < 400 || reply.status === 404 || reply.text.includes("not mounted")) return;
      if (tries === UNMOUNT_TRIES) throw engineFailure(tried, reply.status, reply.text);
      await delay(UNMOUNT_PAUSE_MS);
    }
  }

  async #mount(name: string): Promise<string> {
    const reply = await this.#options.http.call({
      tried: `mount the file system of container ${name}`,
      method: "POST",
      path: `/containers/${name}/mount`,
      repeatable: true,
    });
    // Not as JSON.
    return reply.text.trim();
  }

  async #inspect(name: string, tried: string, query?: Readonly<Record<string, string>>) {
    const path = `/containers/${name}/json`;
    const deadlineMs = COUNT_LIMIT_MS;
    const reply = await this.#options.http.send({ tried, method: "GET", path, query, deadlineMs });
    if (reply.status === 404) throw containerMissing(tried);
    if (reply.status >= 400) throw engineFailure(tried, reply.status, reply.text);
    return keptReply.parse(JSON.parse(reply.text));
  }
}

function variablesOf(variables: readonly string[], without: ReadonlySet<string>): Record<string, string> {
  const pairs = variables.map((variable): [string, string] => {
    const end = variable.indexOf("=");
    return [variable.slice(0, end), variable.slice(end + 1)];
  });
  return Object.fromEntries(pairs.filter(([name]) => !ENGINES_OWN.has(name) && !without.has(name)));
}

/** `s0:c1,c2` of `system_u:system_r:container_t:s0:c1,c2`: with another one, it could not read the ended one's files. */
function levelOf(label: string): string | undefined {
  const level = label.split(":").slice(3).join(":");
  return level === "" ? undefined : level;
}
