import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, it } from "vitest";
import { mostProcesses } from "../../../src/podman/confinement/process-limit.ts";

it.each([
  ["63432                63433                processes", 63_433],
  ["63432                unlimited            processes", Infinity],
])("the user's own limit of processes is the hard one: %s", async (values, expected) => {
  const directory = await mkdtemp(join(tmpdir(), "agentd-limits-"));
  const file = join(directory, "limits");
  await writeFile(file, `Max resident set  unlimited  unlimited  bytes\nMax processes     ${values}\n`);
  expect(await mostProcesses(file)).toBe(expected);
  await rm(directory, { recursive: true });
});

it("the limit of this process can be read", async () => {
  expect(await mostProcesses()).toBeGreaterThan(0);
});
