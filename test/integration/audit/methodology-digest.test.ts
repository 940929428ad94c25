import { chmod, mkdir, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { execa } from "execa";
import { describe, expect, it } from "vitest";
import { methodologyDigest } from "../../../src/audit/open/methodology-digest.ts";
import { temporaryDirectory } from "../../kit/record-fixture.ts";

/** The command of docs/audit.md. */
const DOCUMENTED =
  "find . -type f -printf '%P\\0' | LC_ALL=C sort -z | xargs -0 sha256sum | sha256sum | cut -d ' ' -f 1";

async function methodology(): Promise<string> {
  const directory = await temporaryDirectory();
  await mkdir(join(directory, "steps/empty"), { recursive: true });
  await writeFile(join(directory, "manifest.toml"), 'name = "method"\n');
  await writeFile(join(directory, "steps/one.md"), "one\n");
  await writeFile(join(directory, "steps-before.md"), "sorts between\n");
  await writeFile(join(directory, "new\nline"), "odd\n");
  return directory;
}

describe("the digest of a methodology", () => {
  it("is what the documented command prints", async () => {
    const directory = await methodology();
    const { stdout } = await execa("sh", ["-c", DOCUMENTED], { cwd: directory });
    expect(await methodologyDigest(directory)).toBe(stdout);
  });

  it("changes with a content, a name and the target of a link, and with nothing else", async () => {
    const directory = await methodology();
    const digests = [await methodologyDigest(directory)];
    await execa("mkfifo", [join(directory, "fifo")]);
    await chmod(join(directory, "manifest.toml"), 0o400);
    expect(await methodologyDigest(directory)).toBe(digests[0]);
    await writeFile(join(directory, "steps/one.md"), "two\n");
    digests.push(await methodologyDigest(directory));
    await execa("mv", [join(directory, "steps/one.md"), join(directory, "steps/two.md")]);
    digests.push(await methodologyDigest(directory));
    await symlink("/etc/passwd", join(directory, "link"));
    digests.push(await methodologyDigest(directory));
    await execa("ln", ["-sfn", "/etc/group", join(directory, "link")]);
    digests.push(await methodologyDigest(directory));
    expect(new Set(digests).size).toBe(5);
  });

  it("is refused when something cannot be read, with its name", async () => {
    const directory = await methodology();
    await chmod(join(directory, "steps/one.md"), 0);
    await expect(methodologyDigest(directory)).rejects.toMatchObject({
      code: "methodology_invalid",
      message: expect.stringContaining("steps/one.md in it cannot be read") as string,
    });
  });
});
