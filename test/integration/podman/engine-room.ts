/**
 * A real engine for one test file: a Podman service of its own on the kit's storage, and containers that are told from
 * those of other tests by their instance.
 */
import { randomBytes } from "node:crypto";
import { mkdir, mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pino } from "pino";
import type { ContainerRequest } from "../../../src/podman/containers/container-spec.ts";
import { NO_SURROUNDINGS } from "../../../src/podman/containers/container-surroundings.ts";
import { Engine } from "../../../src/podman/engine.ts";
import type { ExitHints } from "../../../src/podman/exits/exit-hints.ts";
import type { ContainerExit } from "../../../src/podman/exits/exit-watch.ts";
import { containersEnvironment } from "../../kit/containers-environment.mjs";
import { BUSYBOX, ensureBusyboxImage } from "../../kit/images.mjs";
import { removeContainersOf, removeVolumesOf } from "../../kit/podman.mjs";
import { until } from "../../kit/until.mjs";

/** The session user's name in these tests. */
export const USER = "builder";

export interface EngineRoom {
  readonly engine: Engine;
  readonly instance: string;
  readonly runtimeDirectory: string;
  /** Mounted as the session user's home. */
  readonly homeDirectory: string;
  /** A request for a container that runs this with `sh -c`. */
  request(script: string, changes?: Partial<ContainerRequest>): ContainerRequest;
  /** Creates and starts a container, and returns its id. */
  launch(request: ContainerRequest): Promise<string>;
  /** Runs a container to its end and removes it. */
  run(request: ContainerRequest): Promise<{ exit: ContainerExit; output: string }>;
  /** The pid of the running service, once it is another than `not`. */
  servicePid(not?: number): Promise<number>;
  /** Removes everything. */
  close(): Promise<void>;
}

/** Starts a service and makes an engine on it. */
export async function openEngineRoom(hints?: ExitHints): Promise<EngineRoom> {
  const containers = containersEnvironment();
  const reference = await ensureBusyboxImage(containers, BUSYBOX);
  const instance = randomBytes(4).toString("hex");
  const runtimeDirectory = await mkdtemp(join(containers.runtimeDirectory, "engine-"));
  const directory = await mkdtemp(join(tmpdir(), "agentd-engine-"));
  const homeDirectory = join(directory, "home");
  await mkdir(homeDirectory);
  const engine = new Engine({
    environment: process.env,
    runtimeDirectory,
    instanceLabel: { name: "io.agentd.instance", value: instance },
    hints,
    log: pino({ level: "silent" }),
  });
  await engine.start();
  const image = await engine.resolveImage(reference, "never");

  const request: EngineRoom["request"] = (script, changes) => {
    const name = `agentd-test-${randomBytes(8).toString("hex")}`;
    const home = `/home/${USER}`;
    return {
      name,
      image: image.id,
      user: USER,
      home,
      homeFromImage: false,
      workingDirectory: home,
      argv: ["/bin/sh", "-c", script],
      env: {},
      unsetEnv: [],
      binds: [{ source: homeDirectory, target: home, readOnly: false, relabel: "none" }],
      network: "host",
      logPath: join(directory, `${name}.log`),
      labels: {},
      limits: {},
      surroundings: NO_SURROUNDINGS,
      ...changes,
    };
  };
  const launch: EngineRoom["launch"] = async (asked) => {
    const { id } = await engine.createContainer(asked);
    await engine.startContainer(id, asked.image);
    return id;
  };
  return {
    engine,
    instance,
    runtimeDirectory,
    homeDirectory,
    request,
    launch,
    async run(asked) {
      const id = await launch(asked);
      const exit = await engine.waitForExit(id, { signal: AbortSignal.timeout(120_000) });
      await engine.removeContainer(id);
      return { exit, output: await readOutput(asked.logPath ?? "") };
    },
    servicePid: (not) =>
      until("a running service", async () => {
        const text = await readFile(join(runtimeDirectory, "podman-service.json"), "utf8").catch(() => "{}");
        const { pid } = JSON.parse(text || "{}") as { pid?: number };
        return pid !== not && pid;
      }),
    async close() {
      await removeContainersOf(containers, instance);
      await removeVolumesOf(containers, instance);
      await engine.stop();
      await rm(directory, { recursive: true });
      await rm(runtimeDirectory, { recursive: true });
    },
  };
}

/** What a container wrote, without conmon's prefix of each line. */
async function readOutput(logPath: string): Promise<string> {
  const lines = (await readFile(logPath, "utf8")).split("\n");
  return lines.map((line) => line.split(" ").slice(3).join(" ")).join("\n");
}
