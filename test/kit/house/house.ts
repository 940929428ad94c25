import { mkdir, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { JsonMap } from "@iarna/toml";
import { createSandbox, type Sandbox } from "../agentd.mjs";
import { containersEnvironment } from "../containers-environment.mjs";
import type { Daemon } from "../daemon.mjs";
import { type GitServer, startGitServer } from "../git-server.mjs";
import { BUSYBOX, ensureBusyboxImage, ensureDebianGitImage, USER_1000 } from "../images.mjs";
import { type Registry, startRegistry } from "../registry.mjs";

/** The images that scenarios name, besides Debian's. */
const IMAGES = [
  BUSYBOX,
  USER_1000,
  { name: "stale-work-unit", changes: ["ENV AGENTD_WORK_UNIT=stale"] },
  { name: "entrypoint-false", changes: ['ENTRYPOINT ["/bin/false"]'] },
  { name: "home", files: { "home/site-builder/from-the-image": "brought\n" } },
  {
    name: "linked-home",
    files: {
      "home/site-builder/.gitconfig": { linkTo: "/etc/nowhere" },
      "home/site-builder/.config": { linkTo: "/tmp" },
    },
  },
  // Its shell listens where agentd's proxy would.
  {
    name: "takes-port",
    files: {
      "bin/sh": {
        content:
          '#!/bin/busybox sh\n/bin/busybox nc -ll -p 8791 -e /bin/busybox cat &\nexec /bin/busybox sh "$@"\n',
        mode: 0o755,
      },
    },
  },
  // Nothing but /bin/sh can be found.
  { name: "shell-only", changes: ["ENV PATH=/nowhere"] },
  // All applets are links to it, the shell among them.
  { name: "no-shell", files: { "bin/busybox": { content: "", mode: 0o644 } } },
];

/** A daemon and where it lives. */
export interface Running {
  readonly daemon: Daemon;
  readonly instance: string;
  readonly sandbox: Sandbox;
}

/** What a daemon is started with. */
export interface DaemonSetting {
  readonly config: JsonMap;
  /** Added to its environment. */
  readonly variables: Readonly<Record<string, string>>;
}

/** What the scenarios of one feature share: a git server, and a daemon for each setting they ask for. */
export class House {
  /** Directory of the bare repositories that are served. */
  readonly repositories: string;
  /** Directory of the host that scenarios may fill, and mount. */
  readonly hostFiles: string;
  readonly #directory: string;
  readonly #server: GitServer;
  readonly #images = new Map<string, Promise<string>>();
  readonly #daemons = new Map<string, Running>();
  #registry: Promise<Registry> | undefined;

  private constructor(directory: string, server: GitServer) {
    this.repositories = join(directory, "repositories");
    this.hostFiles = join(directory, "host");
    this.#directory = directory;
    this.#server = server;
  }

  static async open(): Promise<House> {
    const directory = await mkdtemp(join(tmpdir(), "agentd-house-"));
    await mkdir(join(directory, "repositories"));
    return new House(directory, await startGitServer(join(directory, "repositories")));
  }

  /** The URL at which a bare repository of `repositories` is served. */
  urlOf(repository: string): string {
    return `${this.#server.url}/${repository}`;
  }

  /** Makes an image, unless it is there. Gives its reference. */
  async image(name: string): Promise<string> {
    const reference = this.#images.get(name) ?? ensureImage(name);
    this.#images.set(name, reference);
    return await reference;
  }

  /** The registry, started when it is first needed. */
  async registry(): Promise<Registry> {
    this.#registry ??= startRegistry(containersEnvironment());
    return await this.#registry;
  }

  /** A daemon with that setting: the one that runs already, or a new one. */
  async daemon(setting: DaemonSetting): Promise<Running> {
    const key = JSON.stringify(setting);
    const running = this.#daemons.get(key) ?? (await startDaemon(setting));
    this.#daemons.set(key, running);
    return running;
  }

  /** Ends a daemon that no other scenario shall meet. */
  async discard(running: Running): Promise<void> {
    for (const [key, each] of this.#daemons) {
      if (each.sandbox === running.sandbox) this.#daemons.delete(key);
    }
    await running.sandbox.close();
  }

  async close(): Promise<void> {
    await Promise.all([...this.#daemons.values()].map((daemon) => this.discard(daemon)));
    await this.#server.close();
    await (await this.#registry)?.close();
    await rm(this.#directory, { recursive: true });
  }
}

async function ensureImage(name: string): Promise<string> {
  if (name === "debian-git") return await ensureDebianGitImage(containersEnvironment());
  const definition = IMAGES.find((each) => each.name === name);
  if (definition === undefined) throw new Error(`no image is called ${name}`);
  return await ensureBusyboxImage(containersEnvironment(), definition);
}

async function startDaemon({ config, variables }: DaemonSetting): Promise<Running> {
  const sandbox = await createSandbox();
  try {
    await sandbox.writeConfig(config);
    const daemon = await sandbox.startDaemon({ env: variables });
    if (daemon.instance === undefined) throw new Error("the daemon is ready and has no instance");
    return { daemon, instance: daemon.instance, sandbox };
  } catch (error) {
    await sandbox.close();
    throw error;
  }
}
