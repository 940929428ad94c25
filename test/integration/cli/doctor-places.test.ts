import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { runBounded } from "../../../src/bounded-command.ts";
import { selinuxMode, tunFinding } from "../../../src/cli/doctor/system-checks.ts";
import { lingeringFinding } from "../../../src/cli/doctor/user-checks.ts";
import { findInit } from "../../../src/podman/host/helper-programs.ts";
import { grantIdsCommand } from "../../../src/podman/host/subordinate-ids.ts";

let root: string;

beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), "agentd-places-"));
});

afterEach(() => rm(root, { recursive: true }));

async function file(name: string, content = "", mode = 0o644): Promise<string> {
  const path = join(root, name);
  await writeFile(path, content, { mode });
  return path;
}

describe("the device of the network", () => {
  it("is fine when it can be opened", async () => {
    expect((await tunFinding(true, "/dev/null")).status).toBe("ok");
  });

  it("has to be loaded where there is none, and opened where it is closed", async () => {
    expect(await tunFinding(true, join(root, "tun"))).toMatchObject({
      status: "failure",
      fix: expect.stringContaining("modprobe tun") as string,
    });
    const closed = await file("closed", "", 0o000);
    expect(await tunFinding(true, closed)).toMatchObject({
      status: "failure",
      fix: `sudo chmod 0666 ${closed}`,
    });
  });

  it("is not missed where no profile needs it", async () => {
    expect((await tunFinding(false, join(root, "tun"))).status).toBe("ok");
  });
});

describe("lingering", () => {
  it("is a warning where systemd would end the sessions with the logout", async () => {
    const places = { lingering: join(root, "linger"), systemd: root };
    expect(await lingeringFinding("me", places)).toMatchObject({
      status: "warning",
      fix: "loginctl enable-linger",
    });
    await mkdir(places.lingering);
    await file("linger/me");
    expect((await lingeringFinding("me", places)).status).toBe("ok");
  });

  it("does not matter where no systemd runs", async () => {
    const places = { lingering: root, systemd: join(root, "nowhere") };
    expect((await lingeringFinding("me", places)).status).toBe("ok");
  });
});

describe("the mode of SELinux", () => {
  it.each([
    ["1\n", "enforcing"],
    ["0\n", "permissive"],
  ])("is read from the kernel: %j is %s", async (content, mode) => {
    expect(await selinuxMode(await file("enforce", content))).toBe(mode);
  });

  it("is off where the kernel does not speak of it", async () => {
    expect(await selinuxMode(join(root, "enforce"))).toBe("off");
  });
});

describe("the command that grants ids", () => {
  const grant = async (subuid: string, subgid: string): Promise<string> =>
    await grantIdsCommand("me", 39_000, [await file("subuid", subuid), await file("subgid", subgid)]);

  it("takes those after everybody else's", async () => {
    expect(await grant("you:100000:65536\n# a comment\nshe:1000000:65536\n", "you:100000:65536\n")).toBe(
      "sudo usermod --add-subuids 1065536-1131071 --add-subgids 1065536-1131071 me && podman system migrate",
    );
    expect(await grant("", "")).toContain("--add-subuids 100000-165535");
  });

  it("has Podman look again where the user has enough", async () => {
    expect(await grant("me:100000:65536\n", "me:100000:65536\n")).toBe("podman system migrate");
    expect(await grant("me:100000:65536\n", "")).toContain("usermod");
  });
});

describe("the init program of Podman", () => {
  it("is the one that containers.conf names", async () => {
    const init = await file("my-init", "", 0o755);
    const settings = await file("containers.conf", `[containers]\ninit_path = "${init}"\n`);
    expect(await findInit({ CONTAINERS_CONF: settings }, root)).toBe(init);
    await rm(init);
    expect(await findInit({ CONTAINERS_CONF: settings }, root)).toBeUndefined();
  });

  it("is looked for where containers.conf has Podman's helpers, first", async () => {
    const init = await file("catatonit", "", 0o755);
    const settings = await file(
      "containers.conf",
      `[engine]\nhelper_binaries_dir = ["/nowhere", "${root}"]\n`,
    );
    expect(await findInit({ CONTAINERS_CONF: settings }, root)).toBe(init);
  });
});

describe("a program that is given so much time", () => {
  const options = { environment: { PATH: process.env["PATH"] }, limitMs: 60_000 };

  it("is told from one that does not exist", async () => {
    expect(await runBounded("sh", ["-c", "echo out; echo err >&2; exit 3"], options)).toEqual({
      ...{ kind: "ended", exitCode: 3, stdout: "out", stderr: "err" },
    });
    expect(await runBounded("agentd-no-such-program", [], options)).toEqual({ kind: "missing" });
  });

  it("is ended, with what it has started, when it hangs", async () => {
    const marker = join(root, "survived");
    const script = `(sleep 3; touch ${marker}) & wait`;
    expect(await runBounded("sh", ["-c", script], { ...options, limitMs: 300 })).toEqual({ kind: "hung" });
    expect((await runBounded("sh", ["-c", `sleep 4; test -e ${marker}`], options)).kind).toBe("ended");
    expect(await runBounded("test", ["-e", marker], options)).toMatchObject({ exitCode: 1 });
  });
});
