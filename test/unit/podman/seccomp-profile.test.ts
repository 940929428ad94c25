import { mkdtemp, readFile, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it, onTestFinished } from "vitest";
import { FALLBACK_SECCOMP_PROFILE } from "../../../src/podman/confinement/fallback-seccomp-profile.ts";
import { seccompWeaknesses } from "../../../src/podman/confinement/oci-config.ts";
import {
  REFUSED_CALLS,
  sessionProfile,
  writeSessionProfile,
} from "../../../src/podman/confinement/seccomp-profile.ts";

const refusal = { names: REFUSED_CALLS, action: "SCMP_ACT_ERRNO", errnoRet: 1 };

async function temporaryDirectory(): Promise<string> {
  const directory = await mkdtemp(join(tmpdir(), "agentd-seccomp-"));
  onTestFinished(() => rm(directory, { recursive: true }));
  return directory;
}

describe("the seccomp profile of sessions", () => {
  it("is the engine's, with the refused calls taken out of every rule", () => {
    const base = {
      defaultAction: "SCMP_ACT_ERRNO",
      defaultErrnoRet: 38,
      archMap: [{ architecture: "SCMP_ARCH_X86_64" }],
      syscalls: [
        { names: ["read", "keyctl", "write"], action: "SCMP_ACT_ALLOW", args: [] },
        { names: ["bpf"], action: "SCMP_ACT_ALLOW", includes: { caps: ["CAP_SYS_ADMIN"] } },
        { name: "io_uring_setup", action: "SCMP_ACT_ALLOW" },
        { name: "chroot", action: "SCMP_ACT_ALLOW" },
      ],
    };
    expect(sessionProfile(base)).toEqual({
      ...base,
      syscalls: [
        { names: ["read", "write"], action: "SCMP_ACT_ALLOW", args: [] },
        { names: ["chroot"], action: "SCMP_ACT_ALLOW" },
        refusal,
      ],
    });
  });

  it("refuses the calls also where the engine's allows all that it does not name", () => {
    expect(sessionProfile({ defaultAction: "SCMP_ACT_ALLOW", syscalls: null })).toEqual({
      defaultAction: "SCMP_ACT_ALLOW",
      syscalls: [refusal],
    });
  });

  it("is written for the daemon's user alone, in place of the last one", async () => {
    const directory = await temporaryDirectory();
    const engine = join(directory, "engine.json");
    await writeFile(engine, JSON.stringify({ defaultAction: "SCMP_ACT_ERRNO" }));
    await writeSessionProfile(undefined, directory);
    const path = await writeSessionProfile(engine, directory);
    expect((await stat(path)).mode & 0o777).toBe(0o600);
    expect(JSON.parse(await readFile(path, "utf8"))).toMatchObject({
      defaultAction: "SCMP_ACT_ERRNO",
      syscalls: [refusal],
    });
  });

  it.each([
    ["is missing", undefined, "ENOENT"],
    ["is not JSON", "{", "JSON"],
    ["is no profile", "[]", "expected object"],
  ])("cannot be made when the engine's file %s", async (_, text, why) => {
    const directory = await temporaryDirectory();
    const engine = join(directory, "engine.json");
    if (text !== undefined) await writeFile(engine, text);
    await expect(writeSessionProfile(engine, directory)).rejects.toMatchObject({
      code: "engine_unsuitable",
      message: expect.stringContaining(engine) as string,
      next: expect.stringContaining("seccomp_profile in containers.conf") as string,
    });
    await expect(writeSessionProfile(engine, directory)).rejects.toThrow(why);
  });
});

describe("a started container", () => {
  const config = (seccomp: object | null) =>
    ({ linux: { seccomp } }) as Parameters<typeof seccompWeaknesses>[0];

  it("is as confined as needed with the profile of sessions", () => {
    expect(seccompWeaknesses(config(sessionProfile(FALLBACK_SECCOMP_PROFILE)))).toEqual([]);
  });

  it.each([
    ["it has no seccomp profile", null],
    [
      "its seccomp profile allows keyctl",
      {
        defaultAction: "SCMP_ACT_ERRNO",
        syscalls: [{ names: ["read", "keyctl"], action: "SCMP_ACT_ALLOW" }],
      },
    ],
    [
      "its seccomp profile allows keyctl",
      {
        defaultAction: "SCMP_ACT_KILL_PROCESS",
        syscalls: [
          { names: ["keyctl"], action: "SCMP_ACT_ERRNO" },
          { names: ["keyctl"], action: "SCMP_ACT_LOG" },
        ],
      },
    ],
    [
      "its seccomp profile allows add_key, request_key",
      {
        defaultAction: "SCMP_ACT_ALLOW",
        syscalls: [
          {
            names: REFUSED_CALLS.filter((call) => call !== "add_key" && call !== "request_key"),
            action: "SCMP_ACT_ERRNO",
          },
        ],
      },
    ],
    [`its seccomp profile allows ${REFUSED_CALLS.join(", ")}`, { defaultAction: "SCMP_ACT_ALLOW" }],
  ])("is weak when %s", (weakness, seccomp) => {
    expect(seccompWeaknesses(config(seccomp))).toEqual([weakness]);
  });
});
