import { readdir, readFile, readlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { payloadText } from "../../src/credentials/payload.ts";
import { inspectContainer, sessionContainersOf } from "../kit/podman.mjs";
import { readJournal } from "../kit/records.mjs";
import { until } from "../kit/until.mjs";
import type { World } from "../kit/world.ts";

/** More than a pipe takes at a time. */
export const CREDENTIALS = new Map(
  ["FIRST", "SECOND", "THIRD"].map((name, index) => [name, `${index}`.repeat(60_000)]),
);
export const PIPE_BYTES = 64 * 1024;

const SCRIPT = `
start=/starts/$(cat /proc/sys/kernel/random/uuid)
cat /proc/self/environ > $start.new && mv $start.new $start
exec sleep 1000
`;
/** Leaves the environment of each of its starts in a file of its own. */
export const COMMAND = ["/bin/sh", "-c", SCRIPT];

/** A session whose container waits at the gate, while its clone waits at a door of its own. */
export class AtTheGate {
  readonly fifo: string;
  /** Pid of the shell that waits. */
  readonly launcher: number;
  readonly #world: World;
  readonly #starts: string;

  private constructor(world: World, fifo: string, launcher: number, starts: string) {
    this.#world = world;
    this.fifo = fifo;
    this.launcher = launcher;
    this.#starts = starts;
  }

  static async bring(world: World): Promise<AtTheGate> {
    const { sandbox, instance } = await world.daemon();
    await world.start("agentd run site-builder");
    const { id } = await world.record();
    const launcher = await until("a launcher", async () => {
      const [container] = await sessionContainersOf(sandbox.containers, instance);
      if (container?.State !== "running") return undefined;
      const { State } = (await inspectContainer(sandbox.containers, container.Id)) as {
        readonly State: { readonly Pid: number };
      };
      return await childOf(State.Pid);
    });
    const fifo = join(sandbox.runtimeDirectory(instance), "gates", id, "credentials");
    return new AtTheGate(world, fifo, launcher, startsDirectory(world));
  }

  /** The environments of all starts of the command so far. */
  async starts(): Promise<ReadonlyMap<string, string>[]> {
    const names = (await readdir(this.#starts)).filter((name) => !name.endsWith(".new"));
    return await Promise.all(
      names.map(async (name) => {
        const variables = (await readFile(join(this.#starts, name), "utf8")).split("\0").slice(0, -1);
        return new Map(variables.map((variable) => nameAndValue(variable)));
      }),
    );
  }

  /** Kills the daemon as a crash does. */
  async killDaemon(): Promise<void> {
    await (await this.#world.daemon()).daemon.kill();
  }

  /** Resolves once the journal has an event. */
  async happened(event: string): Promise<void> {
    const { path } = await this.#world.record();
    await until(event, async () => (await readJournal(path)).some((line) => line["event"] === event));
  }

  /** Whether the journal has an event. */
  async has(event: string): Promise<boolean> {
    return (await readJournal((await this.#world.record()).path)).some((line) => line["event"] === event);
  }

  /** Resolves once the launcher has read all there was, to the end, and comes back to the gate. */
  async isBack(): Promise<void> {
    await until("the launcher's return to the gate", async () => {
      const fds = await readdir(`/proc/${this.launcher}/fd`);
      const targets = await Promise.all(
        // One that is closed meanwhile is not the pipe any more.
        fds.map((fd) => readlink(`/proc/${this.launcher}/fd/${fd}`).catch(() => "")),
      );
      return !targets.some((target) => target.endsWith("/gate/credentials"));
    });
  }

  /** What the launcher has read in its life, and how often it did, the reading of an end included. */
  async reading(): Promise<{ readonly bytes: number; readonly times: number }> {
    const io = await readFile(`/proc/${this.launcher}/io`, "utf8");
    const [bytes, times] = [/^rchar: (\d+)$/m, /^syscr: (\d+)$/m].map((line) => Number(line.exec(io)?.[1]));
    return { bytes: bytes ?? NaN, times: times ?? NaN };
  }

  /** Hands everything over as a daemon does, and gives the one start that follows. */
  async handOver(): Promise<ReadonlyMap<string, string>> {
    await writeFile(this.fifo, payloadText({ variables: CREDENTIALS, command: COMMAND }), { flag: "a" });
    const [start] = await until("a start of the command", async () => {
      const starts = await this.starts();
      return starts.length > 0 && starts;
    });
    return start ?? new Map<string, string>();
  }
}

/** Where the starts of the command show on the host. */
export function startsDirectory(world: World): string {
  return join(world.house.hostFiles, "starts");
}

function nameAndValue(variable: string): [string, string] {
  const end = variable.indexOf("=");
  return [variable.slice(0, end), variable.slice(end + 1)];
}

async function childOf(parent: number): Promise<number | undefined> {
  const children = await readFile(`/proc/${parent}/task/${parent}/children`, "utf8");
  return Number(children.trim().split(" ")[0]) || undefined;
}
