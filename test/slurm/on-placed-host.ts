import { join } from "node:path";
import { afterAll, afterEach, beforeAll } from "vitest";
import { PlacedHost } from "../kit/placed-host.ts";
import { makeRepository } from "../kit/repositories.mjs";

export interface PlacedHostOptions {
  /** Of slurm.conf. */
  readonly settings?: readonly string[];
  /** Before its daemon starts. */
  readonly prepare?: (host: PlacedHost) => Promise<void>;
}

/**
 * Gives all tests of a file a head with a daemon, and nodes. Where one fails, what runners have logged is printed.
 *
 * @param take is called once, before the tests.
 */
export function onPlacedHost(
  take: (host: PlacedHost) => void,
  { settings, prepare }: PlacedHostOptions = {},
): void {
  let host: PlacedHost;

  beforeAll(async () => {
    host = await PlacedHost.start(settings);
    take(host);
    await prepare?.(host);
    await host.configure();
    await host.startDaemon();
  });

  afterEach(async ({ task }) => {
    if (task.result?.state === "fail") console.error(await host.story());
  });

  afterAll(async () => {
    await host.close();
  });
}

/** Makes `site.git`. @returns the directory that it is in, for a server. */
export async function makeSite(directory: string): Promise<string> {
  const repositories = join(directory, "repositories");
  await makeRepository(join(repositories, "site.git"), { files: { "README.md": "site\n" } });
  return repositories;
}
