import { chmod, mkdir, mkdtemp, readdir, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { execa } from "execa";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { CheckResult, DoctorReport } from "../../../src/cli/doctor/check.ts";
import { AGENTD } from "../../kit/agentd.mjs";
import { containersEnvironment } from "../../kit/containers-environment.mjs";
import { page, sections, tableRows } from "../../kit/markdown.ts";

const described = sections(page("json.md"), 2);

let home: string;

beforeEach(async () => {
  home = await mkdtemp(join(tmpdir(), "agentd-doctor-"));
});

afterEach(async () => {
  await chmod(home, 0o700);
  await rm(home, { recursive: true });
});

/** @param changes to the environment; undefined takes a variable away. */
async function examine(
  changes: Record<string, string | undefined> = {},
  ...args: readonly string[]
): Promise<DoctorReport & { readonly exitCode: number | undefined }> {
  const { exitCode, stdout } = await execa(process.execPath, [AGENTD, "doctor", "--json", ...args], {
    reject: false,
    extendEnv: false,
    env: {
      PATH: process.env["PATH"],
      HOME: home,
      AGENTD_SOCKET: join(home, "agentd.sock"),
      ...containersEnvironment().variables,
      ...changes,
    },
  });
  return { ...(JSON.parse(stdout) as DoctorReport), exitCode };
}

function the(name: string, { checks }: DoctorReport): CheckResult {
  const found = checks.find((check) => check.name === name);
  if (found === undefined) throw new Error(`nothing is said about ${name}`);
  return found;
}

/** A directory with these programs and what agentd and Podman need of a shell. */
async function programs(...names: readonly string[]): Promise<string> {
  const directory = join(home, "programs");
  await mkdir(directory);
  for (const name of ["sh", "timeout", "stat", "mkfifo", ...names]) {
    const { stdout } = await execa("sh", ["-c", 'command -v "$1"', "sh", name]);
    await symlink(stdout, join(directory, name));
  }
  return directory;
}

async function writeConfig(text: string): Promise<string> {
  const file = join(home, "agentd.toml");
  await writeFile(
    file,
    `[[profiles]]\nname = "demo"\nbase_image = "localhost/nowhere"\ncommand = ["true"]\n${text}`,
  );
  return file;
}

describe("agentd doctor", () => {
  it("prints the fields and the conditions that docs/json.md describes", async () => {
    const { exitCode, ...report } = await examine({ AGENTD_CONFIG: await writeConfig("") });
    expect(exitCode).toBe(1); // The image is missing.
    const fields = (heading: string): string[] =>
      tableRows(described.get(heading) ?? "")
        .filter((row) => row.length === 4)
        .map(([field = ""]) => field);
    expect(Object.keys(report)).toEqual(fields("An examination"));
    for (const check of report.checks) expect(Object.keys(check)).toEqual(fields("A check"));
    const names = tableRows(described.get("A check") ?? "")
      .filter((row) => row.length === 2)
      .map(([name]) => name);
    for (const { name } of report.checks) expect(names).toContain(name);
  });

  it("counts what it tells, and gives every finding that is not ok what fixes it", async () => {
    const { checks, counts, ok } = await examine({ AGENTD_CONFIG: await writeConfig("") });
    for (const status of ["ok", "warning", "failure"] as const) {
      expect(checks.filter((check) => check.status === status)).toHaveLength(counts[status]);
    }
    expect(ok).toBe(counts.failure === 0);
    for (const { status, fix } of checks) expect(fix === null).toBe(status === "ok");
  });

  it("changes nothing", async () => {
    const file = await writeConfig("");
    await examine({ AGENTD_CONFIG: file });
    const names = await readdir(home, { recursive: true });
    // Podman makes its own storage's directories; from Node.js 22.1 on, V8 keeps what it has compiled.
    const ofOthers = /^\.(local|config|cache)(\/share)?(\/containers.*|\/agentd(\/compiled.*)?)?$/;
    expect(names.filter((name) => !ofOthers.test(name))).toEqual(["agentd.toml"]);
  });

  it("looks at the host when there is no configuration", async () => {
    const report = await examine();
    expect(the("configuration", report)).toMatchObject({ status: "failure", group: "daemon" });
    expect(the("podman", report).status).toBe("ok");
  });

  it("misses programs that are not in PATH", async () => {
    const report = await examine({ PATH: await programs() });
    expect(report.exitCode).toBe(1);
    for (const [name, fix] of [
      ["git", /git/],
      ["podman", /podman/],
      ["id_mapping_programs", /uidmap|shadow-utils/],
    ] as const) {
      expect(the(name, report)).toMatchObject({ status: "failure" });
      expect(the(name, report).fix).toMatch(fix);
    }
    // What depends on Podman is not known.
    expect(report.checks.map(({ name }) => name)).not.toContain("storage_driver");
  });

  it.each([
    ["is not set", undefined, /not set/],
    ["does not exist", "nowhere", /does not exist/],
    ["is open to others", "open", /mode 0755/],
  ])("tells when XDG_RUNTIME_DIR %s", async (_, name, summary) => {
    await mkdir(join(home, "open"), { mode: 0o755 });
    const report = await examine({
      XDG_RUNTIME_DIR: name && join(home, name),
      AGENTD_SOCKET: "/tmp/none.sock",
    });
    expect(the("runtime_directory", report)).toMatchObject({ status: "failure" });
    expect(the("runtime_directory", report).summary).toMatch(summary);
  });

  it("tells of a directory that cannot be written", async () => {
    const closed = join(home, "closed");
    await mkdir(closed, { mode: 0o500 });
    const report = await examine({ XDG_STATE_HOME: closed });
    for (const name of ["state_directory", "audit_root"]) {
      expect(the(name, report)).toMatchObject({ status: "failure" });
      expect(the(name, report).summary).toContain(`cannot be created in ${closed} (EACCES)`);
      expect(the(name, report).fix).toContain("chown");
    }
    expect(the("cache_directory", report).status).toBe("ok");
  });

  it("tells of a storage that copies images", async () => {
    const file = join(home, "vfs.conf");
    const graphroot = join(home, "storage");
    await writeFile(file, `[storage]\ndriver = "vfs"\ngraphroot = "${graphroot}"\nrunroot = "${home}/run"\n`);
    const report = await examine({ CONTAINERS_STORAGE_CONF: file, CONTAINERS_CONF: undefined });
    expect(the("storage_driver", report)).toMatchObject({ status: "warning" });
    expect(the("storage_driver", report).fix).toContain(`driver = "overlay" below [storage] in ${file}`);
    await execa("podman", ["unshare", "rm", "-rf", graphroot]);
  });

  it("reports a path that hangs as hanging, and goes on", async () => {
    const file = await writeConfig(
      `mounts = [{ source = "${home}/dead", target = "/dead" }, { source = "${home}/gone", target = "/gone" }]\n`,
    );
    // A mount whose server is gone: whatever asks for it waits.
    const directory = await programs("git", "podman", "newuidmap", "newgidmap");
    const stat = join(directory, "stat");
    await rm(stat);
    await writeFile(stat, `#!/bin/sh\ncase "$*" in *"${home}/dead") exec /bin/sleep 600;; esac\n`, {
      mode: 0o755,
    });
    const report = await examine({ AGENTD_CONFIG: file, PATH: directory });
    const mounts = report.checks.filter(({ name }) => name === "mount");
    expect(mounts).toMatchObject([
      { status: "failure", profile: "demo" },
      { status: "failure", profile: "demo" },
    ]);
    expect(mounts[0]?.summary).toContain(`${home}/dead does not answer`);
    expect(mounts[1]?.summary).toContain("there is no such file");
  });

  it("tells of a directory to copy and a file for the home that are not there", async () => {
    const file = await writeConfig(
      `workspace = "directory"\ndirectory = "${home}/gone"\nfiles = [{ target = "~/a", source = "${home}/no" }]\n`,
    );
    const report = await examine({ AGENTD_CONFIG: file });
    expect(the("directory", report)).toMatchObject({ status: "failure", profile: "demo" });
    expect(the("directory", report).summary).toContain("there is no such file or directory");
    expect(the("file", report).summary).toContain(`cannot read ${home}/no for the session's home`);
  });

  it("looks at nothing else where the configuration hangs", async () => {
    const file = await writeConfig("");
    const directory = await programs("git", "podman");
    const stat = join(directory, "stat");
    await rm(stat);
    await writeFile(stat, `#!/bin/sh\ncase "$*" in *"${file}") exec /bin/sleep 600;; esac\n`, {
      mode: 0o755,
    });
    const { checks } = await examine({ AGENTD_CONFIG: file, PATH: directory });
    expect(checks).toMatchObject([{ name: "configuration", status: "failure" }]);
    expect(checks[0]?.summary).toContain(`${file} does not answer`);
  });

  it("takes credentials from the service's file where there is a service", async () => {
    const file = await writeConfig(
      'credentials = [{ name = "A", source = "A_KEY" }, { name = "B", source = "B_KEY" }]\n',
    );
    const config = join(home, ".config");
    await mkdir(join(config, "systemd", "user"), { recursive: true });
    await mkdir(join(config, "agentd"));
    await writeFile(join(config, "systemd", "user", "agentd.service"), "");
    await writeFile(join(config, "agentd", "credentials.env"), "A_KEY=squirrel\n", { mode: 0o644 });
    const report = await examine({ AGENTD_CONFIG: file, B_KEY: "attic" });
    expect(the("credentials", report)).toMatchObject({ status: "failure" });
    expect(the("credentials", report).summary).toMatch(/credentials\.env.*: B_KEY \(only in the environment/);
    expect(the("credentials_file", report)).toMatchObject({ status: "failure" });
    expect(the("credentials_file", report).fix).toMatch(/^chmod go-rwx .*credentials\.env$/);
    expect(JSON.stringify(report)).not.toMatch(/squirrel|attic/);
  });
});
