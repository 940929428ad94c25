import { appendFile, mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { until } from "../../kit/until.mjs";
import type { Topic } from "./topic.ts";

/** A configuration that changes while the daemon runs. */
export const RELOADS: Topic = [
  {
    pattern: "the operator saves the configuration",
    run: (world) => world.saveConfiguration(),
  },
  {
    pattern: "the operator adds to the configuration file:",
    run: async (world, toml: string) => {
      world.spoilt = true;
      await appendFile((await world.daemon()).sandbox.configFile, `\n${toml}\n`);
    },
  },
  {
    pattern: "credentials.env says:",
    run: async (world, text: string) => {
      world.spoilt = true;
      const directory = join((await world.daemon()).sandbox.directory, "config", "agentd");
      await mkdir(directory, { recursive: true });
      await writeFile(join(directory, "credentials.env"), `${text}\n`, { mode: 0o600 });
    },
  },
  {
    pattern: "the daemon gets SIGHUP",
    run: async (world) => (await world.daemon()).daemon.signal("SIGHUP"),
  },
  {
    pattern: "the daemon's log says {string} and {string}",
    run: async (world, ...texts: string[]) => {
      const { daemon } = await world.daemon();
      await until(`the log's ${texts.join(" and ")}`, () => texts.every((text) => daemon.log.includes(text)));
    },
  },
];
