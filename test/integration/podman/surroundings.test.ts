import { copyFile, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { NO_SURROUNDINGS, type Surroundings } from "../../../src/podman/containers/container-surroundings.ts";
import { type EngineRoom, openEngineRoom } from "./engine-room.ts";

let room: EngineRoom;
beforeAll(async () => {
  room = await openEngineRoom();
});
afterAll(() => room.close());

/** What a script prints in a container with these surroundings, and in one without. */
async function withAndWithout(script: string, changes: Partial<Surroundings>): Promise<[string, string]> {
  const printed = async (surroundings: Surroundings): Promise<string> =>
    (await room.run(room.request(script, { surroundings, network: "none" }))).output.trim();
  return [await printed({ ...NO_SURROUNDINGS, ...changes }), await printed(NO_SURROUNDINGS)];
}

describe("the surroundings of a container", () => {
  it("are a root that cannot be written, with directories in memory for temporary files", async () => {
    const script = [
      // The user owns nothing of this image, so the mount itself says whether it is read-only.
      `awk '$5 == "/" { print substr($6, 1, 2) }' /proc/self/mountinfo`,
      "for dir in /tmp /var/tmp; do echo data > $dir/file && echo $dir; done 2>/dev/null",
      "awk '$5 == \"/run\" { print $9 }' /proc/self/mountinfo",
      "df -k /tmp | awk 'NR == 2 { print $2 }'",
      "echo data > $HOME/file && echo home",
    ].join("\n");
    const [asked, usual] = await withAndWithout(script, { readOnlyRoot: true, tmpBytes: 8 * 1024 ** 2 });
    expect(asked.split("\n")).toEqual(["ro", "/tmp", "/var/tmp", "tmpfs", "8192", "home"]);
    expect(usual.split("\n")[0]).toBe("rw");
  });

  it("are a home of the image that can be written with a read-only root", async () => {
    const surroundings = { ...NO_SURROUNDINGS, readOnlyRoot: true };
    const home = "/home";
    const request = room.request("touch /home/file && echo written", { surroundings, network: "none" });
    const { output } = await room.run({ ...request, home, binds: [], homeFromImage: true });
    expect(output.trim()).toBe("written");
  });

  it("are a size of the shared memory, and limits of each process", async () => {
    const script = "df -k /dev/shm | awk 'NR == 2 { print $2 }'; ulimit -n; ulimit -c";
    const changes = { shmBytes: 4 * 1024 ** 2, ulimits: { nofile: 77, core: 0 } };
    const [asked, usual] = await withAndWithout(script, changes);
    expect(asked.split("\n")).toEqual(["4096", "77", "0"]);
    expect(usual.split("\n").slice(0, 2)).not.toEqual(["4096", "77"]);
  });

  it("are capabilities, which the user has without being root", async () => {
    const script = "grep CapEff /proc/self/status";
    const [asked, usual] = await withAndWithout(script, { capAdd: ["NET_RAW"] });
    expect(asked).toMatch(/CapEff:\t0000000000002000$/);
    expect(usual).toMatch(/CapEff:\t0000000000000000$/);
  });

  it("are devices of the host", async () => {
    const script = "ls /dev/net/tun 2>&1";
    const [asked, usual] = await withAndWithout(script, { devices: ["/dev/net/tun"] });
    expect(asked).toBe("/dev/net/tun");
    expect(usual).toContain("No such file");
  });

  it("are another filter of system calls, which is the operator's to check", async () => {
    const seccompProfile = join(room.homeDirectory, "..", "filter.json");
    await copyFile("/usr/share/containers/seccomp.json", seccompProfile);
    const filter = JSON.parse(await readFile(seccompProfile, "utf8")) as { syscalls: object[] };
    const refused = { names: ["mkdir", "mkdirat"], action: "SCMP_ACT_ERRNO", errnoRet: 95 };
    filter.syscalls = filter.syscalls.map((rule) =>
      "names" in rule && Array.isArray(rule.names)
        ? { ...rule, names: rule.names.filter((name) => !refused.names.includes(name as string)) }
        : rule,
    );
    await writeFile(seccompProfile, JSON.stringify({ ...filter, syscalls: [...filter.syscalls, refused] }));
    const surroundings = { ...NO_SURROUNDINGS, seccompProfile };
    const request = room.request("mkdir /tmp/made 2>&1", { surroundings, network: "none" });
    const { id } = await room.engine.createContainer(request);
    await room.engine.startContainer(id, request.image, "own");
    const exit = await room.engine.waitForExit(id, { signal: AbortSignal.timeout(60_000) });
    await room.engine.removeContainer(id);
    expect(exit).toMatchObject({ exitCode: 1 });
  });
});
