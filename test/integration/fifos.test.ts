import { mkdtemp, readdir, readFile, rm, stat } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { execa } from "execa";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { FifoMaker } from "../../src/fifos.ts";

let root: string;
let maker: FifoMaker;

beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), "agentd-fifos-"));
  maker = new FifoMaker();
});

afterEach(async () => {
  await maker.close();
  await rm(root, { recursive: true, force: true });
});

async function shellsOfThisProcess(): Promise<number[]> {
  const { stdout } = await execa("pgrep", ["-P", String(process.pid), "-x", "sh"], { reject: false });
  return stdout.split("\n").filter(Boolean).map(Number);
}

describe("FifoMaker", () => {
  it("makes FIFOs for nobody else, whatever they are called", async () => {
    for (const name of [
      "fifo",
      " with  spaces ",
      "-m",
      "quo'te\"$(touch x)",
      "back\\slash",
      "line\nbreak",
      "ä",
    ]) {
      await maker.make(join(root, name));
      const made = await stat(join(root, name));
      expect([made.isFIFO(), made.mode & 0o777], name).toEqual([true, 0o600]);
    }
    expect(await readdir(root)).toHaveLength(7);
  });

  it("makes many at once with one shell, which has nothing of our environment", async () => {
    const names = Array.from({ length: 50 }, (_, number) => String(number));
    await Promise.all(names.map((name) => maker.make(join(root, name))));
    expect((await readdir(root)).sort()).toEqual(names.sort());
    const shells = await shellsOfThisProcess();
    expect(shells).toHaveLength(1);
    expect(await readFile(`/proc/${shells[0]}/environ`, "utf8")).not.toContain("HOME=");
  });

  it("says why one cannot be made, and makes the next one", async () => {
    const made = ["fifo", "fifo", "missing/fifo", "other"].map((name) => maker.make(join(root, name)));
    const [first, again, missing, other] = await Promise.allSettled(made);
    expect(first?.status).toBe("fulfilled");
    expect(again).toMatchObject({ reason: { message: expect.stringContaining("File exists") as string } });
    expect(missing).toMatchObject({ reason: { message: expect.stringContaining("No such file") as string } });
    expect(other?.status).toBe("fulfilled");
  });

  it("makes the next one with another shell when its own was killed", async () => {
    await maker.make(join(root, "fifo"));
    for (const pid of await shellsOfThisProcess()) process.kill(pid, "SIGKILL");
    await maker.make(join(root, "lost")).catch(() => undefined); // Told or not, depending on who is faster.
    await maker.make(join(root, "other"));
    expect((await stat(join(root, "other"))).isFIFO()).toBe(true);
  });

  it("leaves no shell behind", async () => {
    await maker.make(join(root, "fifo"));
    await maker.close();
    expect(await shellsOfThisProcess()).toEqual([]);
  });
});
