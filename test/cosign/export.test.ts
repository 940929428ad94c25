import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { execa } from "execa";
import { beforeAll, expect, it } from "vitest";
import { exportOne, forEachFlip, readmeBlocks, writeReport } from "../kit/exported-record.ts";

beforeAll(async () => {
  const { failed } = await execa("cosign", ["version"], { reject: false });
  if (failed)
    throw new Error("there is no cosign on PATH: install it, such as by apt-get install cosign on Debian 13");
});

/** Runs the README's command for cosign, in a network of its own with nothing in it. */
async function cosign(
  directory: string,
): Promise<{ readonly exitCode?: number | undefined; readonly stderr: string }> {
  const command = (await readmeBlocks(directory)).find((block) => block.trimStart().startsWith("cosign"));
  return await execa("unshare", ["--map-root-user", "--net", "sh", "-c", command ?? "false"], {
    cwd: directory,
    reject: false,
  });
}

it("accepts an exported record by the command of its README, offline", async () => {
  const { directory } = await exportOne(writeReport);
  const { exitCode, stderr } = await cosign(directory);
  expect(stderr).toContain("Verified OK");
  expect(exitCode).toBe(0);
});

it("refuses a record whose sums, statement or signature were changed in whichever byte", async () => {
  const { directory } = await exportOne(writeReport);
  const accepted: string[] = [];
  const sums = join(directory, "record/SHA256SUMS");
  await forEachFlip(sums, async (offset) => {
    if ((await cosign(directory)).exitCode === 0) accepted.push(`SHA256SUMS:${offset}`);
  });
  const path = join(directory, "record/attestation.sigstore.json");
  await execa("chmod", ["u+w", path]);
  const text = await readFile(path, "utf8");
  for (const name of ["payload", "sig"]) {
    const [, value = ""] = new RegExp(`"${name}":"([^"]*)"`).exec(text) ?? [];
    const bytes = Buffer.from(value, "base64");
    for (let offset = 0; offset < bytes.length; offset += 1) {
      const changed = Buffer.from(bytes);
      changed[offset] = changed[offset]! ^ 1;
      await writeFile(path, text.replace(value, changed.toString("base64")));
      if ((await cosign(directory)).exitCode === 0) accepted.push(`${name}:${offset}`);
    }
  }
  await writeFile(path, text);
  expect(accepted).toEqual([]);
  expect((await cosign(directory)).exitCode).toBe(0);
});
