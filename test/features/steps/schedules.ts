import { join } from "node:path";
import { pathExists } from "fs-extra";
import { expect } from "vitest";
import { until } from "../../kit/until.mjs";
import type { Topic } from "./topic.ts";

/** A schedule of every minute fires within one; the rest is for slow machines. */
const FIRE_TIMEOUT_MS = 100_000;

/** Of what `agentd schedule --json` tells. */
interface ShownSchedule {
  readonly last_run: { readonly session_id: string; readonly scheduled_timestamp: string } | null;
  readonly next_runs: readonly { readonly scheduled_timestamp: string }[];
}

/** Sessions that begin by themselves. */
export const SCHEDULES: Topic = [
  {
    pattern: "the schedule has fired",
    run: async (world) => {
      // It would fire into the next scenarios.
      world.spoilt = true;
      const isAccepted = async (): Promise<boolean> => {
        const [first] = await world.records();
        return first !== undefined && (await pathExists(join(first.path, "agentd/session.json")));
      };
      await until("a scheduled session", isAccepted, { timeoutMs: FIRE_TIMEOUT_MS });
    },
  },
  {
    pattern: "the session was scheduled for a full minute and accepted soon after",
    run: async (world) => {
      const document = await (await world.record()).document();
      expect(document.scheduled_timestamp).toMatch(/T\d\d:\d\d:00\.000Z$/);
      const accepted = Date.parse(document.queued_timestamp);
      expect(Date.parse(document.scheduled_timestamp!) + document.delay_ms!).toBe(accepted);
    },
  },
  {
    pattern: "the schedule shows the session as its last run, and {int} next runs",
    run: async (world, count: number) => {
      const [schedule] = JSON.parse(world.command.stdout.toString()) as ShownSchedule[];
      const { id } = await world.record();
      expect(schedule?.last_run?.session_id).toBe(id);
      const minutes = schedule?.next_runs.map(({ scheduled_timestamp: at }) => Date.parse(at) / 60_000) ?? [];
      expect(minutes).toHaveLength(count);
      expect(minutes[1]! - minutes[0]!).toBe(1);
    },
  },
];
