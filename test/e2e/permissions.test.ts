import { chmod, mkdir, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { execa } from "execa";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { createSandbox, type Sandbox } from "../kit/agentd.mjs";

let sandbox: Sandbox;
const PROFILE = { name: "demo", base_image: "localhost/agentd-test/nowhere", command: ["true"] };

beforeEach(async () => {
  sandbox = await createSandbox();
  await sandbox.writeConfig({ profiles: [PROFILE] });
});
afterEach(async () => {
  await sandbox.close();
});

/** The commands that a refusal names, as they are printed. */
function commands(stderr: string): string[] {
  return [...stderr.matchAll(/^ +(chmod .*)$/gm)].map(([, command = ""]) => command);
}

/** Starts a daemon that is refused; resolves to what it said. */
async function refused(): Promise<string> {
  const { exitCode, stderr } = await sandbox.run(["daemon"]);
  expect(exitCode, stderr).toBe(1);
  expect(stderr).toContain("[permissions_unsafe]");
  return stderr;
}

describe("a daemon whose places let others in", () => {
  it("refuses to start with path and command for each, as the doctor does, and starts when they were run", async () => {
    const daemon = await sandbox.startDaemon();
    const instance = daemon.instance ?? "";
    await daemon.stop();
    const { stateDirectory, cacheDirectory, auditRoot } = sandbox;
    const open: [string, number][] = [
      [stateDirectory, 0o777],
      [join(stateDirectory, "keys"), 0o755],
      [join(stateDirectory, "keys", "signing.key"), 0o644],
      [cacheDirectory, 0o770],
      [join(cacheDirectory, "staging"), 0o701],
      [sandbox.runtimeDirectory(instance), 0o711],
      [auditRoot, 0o755],
    ];
    for (const [path, mode] of open) {
      if (!path.endsWith(".key")) await mkdir(path, { recursive: true });
      await chmod(path, mode);
    }
    const stderr = await refused();
    const fixes = open.map(([path]) => `chmod go-rwx ${path}`);
    expect(commands(stderr).sort()).toEqual([...fixes].sort());
    for (const [path, mode] of open) {
      expect(stderr).toContain(`${path}: it has mode 0${mode.toString(8)}, so other users can`);
    }
    const { stdout } = await sandbox.run(["doctor"]);
    for (const fix of fixes) expect(stdout.toString()).toContain(fix);

    for (const command of commands(stderr)) await execa("sh", ["-c", command]);
    await sandbox.startDaemon();
    expect((await sandbox.run(["doctor"])).stdout.toString()).toMatch(/ok +permissions/);
  });

  it("accepts records that are readable on purpose, and not ones that others can write", async () => {
    await sandbox.writeConfig({ daemon: { audit_private: false }, profiles: [PROFILE] });
    await mkdir(sandbox.auditRoot, { recursive: true });
    await chmod(sandbox.auditRoot, 0o775);
    expect(commands(await refused())).toEqual([`chmod go-w ${sandbox.auditRoot}`]);
    await chmod(sandbox.auditRoot, 0o755);
    await sandbox.startDaemon();
  });

  it("refuses credentials that others can read", async () => {
    const file = join(sandbox.directory, "config", "agentd", "credentials.env");
    await mkdir(join(file, ".."), { recursive: true });
    await writeFile(file, "SITE_TOKEN=squirrel\n", { mode: 0o644 });
    const stderr = await refused();
    expect(commands(stderr)).toEqual([`chmod go-rwx ${file}`]);
    expect(stderr).not.toContain("squirrel");
  });
});

describe("what a daemon makes", () => {
  it("is its user's alone, whatever umask it was started under", async () => {
    const { stateDirectory } = sandbox;
    const daemon = await sandbox.startDaemon();
    const { stdout } = await execa("find", [stateDirectory, "-perm", "/077", "!", "-name", "*.pub"]);
    expect(stdout).toBe("");
    expect((await stat(stateDirectory)).mode & 0o777).toBe(0o700);
    await daemon.stop();
  });
});
