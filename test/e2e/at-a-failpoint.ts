import { mkdir, readdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect } from "vitest";
import type { FailpointLabel } from "../../src/failpoints.ts";
import { inspectContainer, sessionContainersOf } from "../kit/podman.mjs";
import { until } from "../kit/until.mjs";
import type { World } from "../kit/world.ts";

/** Counts its starts, works until it is let go, and leaves with a code of its own. */
export const COUNTING_AGENT = `
echo start >> .runa/starts
echo begun
i=0
until [ -e .runa/go ]; do i=$((i + 1)); echo turn $i; sleep 0.1; done
echo done
exit 5
`;

/** A daemon with armed failpoints, by environment and directory. */
export class AtAFailpoint {
  readonly #directory: string;
  readonly #world: World;

  private constructor(world: World, directory: string) {
    this.#world = world;
    this.#directory = directory;
  }

  /** Has the world's daemon, which has not been started yet, start with failpoints such as `cloned=crash`. */
  static async arm(world: World, failpoints: string): Promise<AtAFailpoint> {
    const directory = join(world.house.hostFiles, "failpoints");
    await mkdir(directory);
    world.variables["AGENTD_FAILPOINTS"] = failpoints;
    world.variables["AGENTD_FAILPOINTS_DIR"] = directory;
    await world.daemon();
    return new AtAFailpoint(world, directory);
  }

  /** Resolves once the label was hit. */
  async hit(label: FailpointLabel): Promise<void> {
    await until(`the failpoint ${label}`, async () =>
      (await readdir(this.#directory)).includes(`${label}.1`),
    );
  }

  /** Lets go on what waits at a label. */
  async goOn(label: FailpointLabel): Promise<void> {
    await writeFile(join(this.#directory, `${label}.1.go`), "");
  }

  /** Starts the next daemon with other failpoints or none. */
  async startDaemonAgain(failpoints = ""): Promise<void> {
    this.#world.variables["AGENTD_FAILPOINTS"] = failpoints;
    await this.#world.startDaemonAgain();
  }
}

/** Kills the daemon as a crash does. */
export async function killDaemon(world: World): Promise<void> {
  world.spoilt = true;
  await (await world.daemon()).daemon.kill();
}

/** Lets the agent of the session that was accepted last come to its end. */
export async function letGo(world: World): Promise<void> {
  await writeFile(join((await world.record()).path, "runa/go"), "");
}

/** Resolves once the session that was accepted last is in a state. */
export async function reaches(world: World, state: string): Promise<void> {
  await world.reaches(await world.record(), state);
}

/** How often the agent of the session that was accepted last was started. */
export async function startsOf(world: World): Promise<number> {
  const path = join((await world.record()).path, "runa/starts");
  const text = await readFile(path, "utf8").catch(() => "");
  return text.split("\n").length - 1;
}

/** The first process of the one session's container, by pid and start time. */
export async function firstProcess(world: World): Promise<string> {
  const { sandbox, instance } = await world.daemon();
  // A daemon that has just started may have another one, to look into an image.
  const [container, ...others] = await sessionContainersOf(sandbox.containers, instance);
  expect(others).toEqual([]);
  const { State } = (await inspectContainer(sandbox.containers, container?.Id ?? "")) as {
    readonly State: { readonly Pid: number };
  };
  const stat = await readFile(`/proc/${State.Pid}/stat`, "utf8");
  return `${State.Pid} ${stat.slice(stat.lastIndexOf(")")).split(" ")[20]}`;
}
