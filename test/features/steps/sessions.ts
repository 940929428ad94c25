import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect } from "vitest";
import { expectNothingLeft } from "../../kit/house/nothing-left.ts";
import type { RecordDirectory } from "../../kit/house/records.ts";
import { inspectContainer, sessionContainersOf } from "../../kit/podman.mjs";
import { until } from "../../kit/until.mjs";
import { containerOf, waitingContainer } from "../../kit/waiting.ts";
import { jsonObject } from "./output.ts";
import type { Rows, Topic } from "./topic.ts";

/** Of what Podman tells about a container. */
interface Inspected {
  readonly State: { readonly ConmonPid: number };
}

/** A session from queue to seal. Without a name, the one that was accepted last is meant. */
export const SESSIONS: Topic = [
  {
    pattern: "the session is {word}",
    run: async (world, state: string) => world.reaches(await world.record(), state),
  },
  {
    pattern: "the session of {string} is {word}",
    run: async (world, workUnit: string, state: string) =>
      world.reaches(await world.recordOf(workUnit), state),
  },
  {
    pattern: "the session is let go",
    run: async (world) => letGo(await world.record()),
  },
  {
    pattern: "the session of {string} is let go",
    run: async (world, workUnit: string) => letGo(await world.recordOf(workUnit)),
  },
  {
    pattern: "no session was recorded",
    run: async (world) => expect(await world.records()).toEqual([]),
  },
  {
    pattern: "the container of the session is running",
    run: async (world) => {
      const { sandbox, instance } = await world.daemon();
      const { id } = await world.record();
      const containers = await sessionContainersOf(sandbox.containers, instance);
      expect(containers.map(({ State, Names }) => [State, Names])).toEqual([
        ["running", [`agentd-${instance}-${id}`]],
      ]);
    },
  },
  {
    pattern: "a container waits for the next session",
    run: async (world) => {
      await waitingContainer(world);
    },
  },
  {
    pattern: "the session has taken the container that waited",
    run: async (world) => expect(await containerOf(world)).toMatchObject({ waited: true }),
  },
  {
    pattern: "the session has made its own container",
    run: async (world) => expect(await containerOf(world)).toMatchObject({ waited: false }),
  },
  {
    pattern: "the container of the session has ended",
    run: async (world) => {
      const { sandbox, instance } = await world.daemon();
      await until("the container's end", async () => {
        const [container] = await sessionContainersOf(sandbox.containers, instance);
        return container?.State === "exited";
      });
    },
  },
  {
    pattern: "the session's conmon is killed",
    run: async (world) => {
      const { sandbox, instance } = await world.daemon();
      const [container] = await sessionContainersOf(sandbox.containers, instance);
      const inspected = (await inspectContainer(sandbox.containers, container?.Id ?? "")) as Inspected;
      process.kill(inspected.State.ConmonPid, "SIGKILL");
    },
  },
  {
    pattern: "nothing of the session is left behind",
    run: (world) => expectNothingLeft(world),
  },
  {
    pattern: "the launch has failed at {string}, naming {string}",
    run: async (world, stage: string, name: string) => {
      const { command } = world;
      expect(command.exitCode).toBe(125);
      expect(command.stdout.toString()).toBe("");
      const record = await world.record();
      const { cause, ...document } = await record.document();
      expect(document).toMatchObject({
        outcome: "launch_failed",
        stage,
        exit_code: null,
        start_timestamp: null,
      });
      expect(cause).toContain(world.here(name));
      // A sentence to act on: what could not be done, why, and after a full stop what to do.
      expect(cause).toMatch(/^cannot .+: .+\. [A-Z].+\.$/s);
      expect(command.stderr.toString()).toContain(cause);
      await expectNothingLeft(world);
    },
  },
  {
    pattern: "the record says:",
    run: async (world, rows: Rows) => says(await world.record(), rows),
  },
  {
    pattern: "the record of {string} says:",
    run: async (world, workUnit: string, rows: Rows) => says(await world.recordOf(workUnit), rows),
  },
];

/** The agents of the scenarios that wait look for this file. */
async function letGo(record: RecordDirectory): Promise<void> {
  await writeFile(join(record.path, "runa/go"), "");
}

async function says(record: RecordDirectory, rows: Rows): Promise<void> {
  expect(await record.document()).toMatchObject(jsonObject(rows));
}
