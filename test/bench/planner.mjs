/**
 * What a look at ten thousand schedules costs when none is due. The planner is taken from the sources: no command
 * reaches it alone.
 */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { build } from "esbuild";
import { sampleInTurn } from "./rounds.mjs";
import { summarize } from "./statistics.mjs";

const SCHEDULES = 10_000;
const SOURCE = fileURLToPath(new URL("../../src/scheduler", import.meta.url));

/** @type {import("./measurements.mjs").Measurement} */
export const planner = {
  name: "planner",
  rounds: 200,
  async run(_workshop, options) {
    const directory = await mkdtemp(join(tmpdir(), "agentd-bench-"));
    try {
      const agenda = await agendaOf(directory);
      const name = `one planner pass over ${SCHEDULES} schedules, none due`;
      const nowMs = agenda.nextDueMs - 1;
      const sample = () => {
        const start = performance.now();
        const due = agenda.due(nowMs, 0);
        const durationMs = performance.now() - start;
        if (due.length > 0) throw new Error(`${due.length} schedules are due`);
        return Promise.resolve(durationMs);
      };
      const samples = await sampleInTurn([{ name, sample }], options);
      const value = summarize(samples[name] ?? []).median;
      return { samples: {}, figures: [{ what: name, against: "", value, unit: "ms", goal: 5 }] };
    } finally {
      await rm(directory, { recursive: true });
    }
  },
};

/** An agenda of schedules that all differ, in three zones. @param {string} directory */
async function agendaOf(directory) {
  const outfile = join(directory, "planner.cjs");
  await build({
    stdin: {
      contents: 'export * from "./agenda.ts"; export * from "./schedules-of.ts";',
      resolveDir: SOURCE,
    },
    outfile,
    bundle: true,
    platform: "node",
    format: "cjs",
  });
  /** @type {typeof import("../../src/scheduler/agenda.ts") & typeof import("../../src/scheduler/schedules-of.ts")} */
  const { Agenda, schedulesOf } = await import(pathToFileURL(outfile).href);
  const zones = ["UTC", "Europe/Berlin", "America/New_York"];
  const schedules = schedulesOf(
    Array.from({ length: SCHEDULES }, (_, index) => {
      const cron = `${index % 60} ${Math.floor(index / 60) % 24} ${1 + (index % 28)} * *`;
      return {
        profile: `profile-${index}`,
        name: "default",
        expression: cron,
        when: { cron },
        timezone: zones[index % zones.length] ?? "UTC",
        missed: "skip",
        catchupWindowMs: 0,
        overlap: "allow",
        jitterMs: 0,
      };
    }),
  );
  const agenda = new Agenda(new Map());
  const time = new Date().toISOString();
  agenda.follow(
    schedules,
    agenda.changes(schedules).map((event) => ({ time, ...event })),
  );
  return agenda;
}
