import { chmod, mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { onTestFinished } from "vitest";
import { AGENTD } from "../agentd.mjs";
import { containersEnvironment } from "../containers-environment.mjs";
import { freePort } from "../free-ports.mjs";
import { startSlurm } from "../slurm.mjs";
import type { World } from "../world.ts";

/** Starts a Slurm and names it in the configuration, before the world's daemon starts. It ends with the test. */
export async function provideCluster(world: World, nodes: readonly string[]): Promise<void> {
  const slurm = await startSlurm({ nodes });
  onTestFinished(() => slurm.close());
  const at = (name: string): string => join(slurm.directory, name);
  for (const name of ["bin", "home", "nodes"]) await mkdir(at(name));
  const variables = { ...containersEnvironment().variables, HOME: at("home") };
  const words = Object.entries(variables).map(([name, value]) => `${name}='${value}'`);
  await writeFile(
    at("bin/agentd"),
    `#!/bin/sh\nexec env ${words.join(" ")} ${process.execPath} ${AGENTD} "$@"\n`,
  );
  await chmod(at("bin/agentd"), 0o755);
  const { SLURM_CONF, PATH } = slurm.variables;
  Object.assign(world.variables, { SLURM_CONF, PATH });
  const address = `127.0.0.1:${await freePort()}`;
  world.otherTables["placement"] = {
    ...{ engine: "slurm", listen: address, address, partition: "main" },
    ...{ node_path: `${at("bin")}:/usr/bin:/bin`, node_directory: at("nodes") },
  };
}
