import { chmod, readFile, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { SESSION_UID } from "../../../src/podman/host/host-features.ts";
import { containersEnvironment } from "../../kit/containers-environment.mjs";
import { ensureBusyboxImage, USER_1000 } from "../../kit/images.mjs";
import { volumesOf } from "../../kit/podman.mjs";
import { until } from "../../kit/until.mjs";
import { type EngineRoom, openEngineRoom, USER } from "./engine-room.ts";

let room: EngineRoom;
beforeAll(async () => {
  room = await openEngineRoom();
});
afterAll(() => room.close());

describe("the exit of a container", () => {
  it.each([
    ["exit 0", 0],
    ["exit 1", 1],
    ["exit 42", 42],
    ["exec nothing-of-that-name", 127],
    ["kill -SEGV $$", 139],
  ])("of `%s` is %i", async (script, exitCode) => {
    const { exit } = await room.run(room.request(script));
    expect(exit).toMatchObject({ kind: "exited", exitCode, oomKilled: false });
  });

  it("of a command that does not handle SIGTERM is 143 when it is told to end", async () => {
    const asked = room.request("echo ready; exec sleep 1000");
    const id = await room.launch(asked);
    const exit = room.engine.waitForExit(id, { signal: AbortSignal.timeout(120_000) });
    // Before that, the container's init may not listen to signals yet.
    await until("its output", async () => (await readFile(asked.logPath ?? "", "utf8")).includes("ready"));
    await room.engine.signalContainer(id, "SIGTERM");
    expect(await exit).toMatchObject({ kind: "exited", exitCode: 143 });
    await room.engine.removeContainer(id);
  });

  it("is -1 when conmon's timeout ends it", async () => {
    const { exit } = await room.run(room.request("exec sleep 1000", { timeoutSeconds: 1 }));
    expect(exit).toMatchObject({ kind: "exited", exitCode: -1 });
  });

  it("is found by a wait that begins long after it", async () => {
    const id = await room.launch(room.request("exit 7"));
    const wait = () => room.engine.waitForExit(id, { signal: AbortSignal.timeout(120_000) });
    await wait();
    expect(await wait()).toMatchObject({ kind: "exited", exitCode: 7 });
    await room.engine.removeContainer(id);
  });
});

describe("the user of a container", () => {
  it("has the profile's name, no capabilities, and its home", async () => {
    const { output } = await room.run(
      room.request(
        "id -un; id -u; id -g; pwd; echo $HOME; grep -E 'Cap|NoNewPrivs|Seccomp:' /proc/self/status",
      ),
    );
    expect(output.trim().split(/\s+/)).toEqual([
      USER,
      ...[SESSION_UID, SESSION_UID, `/home/${USER}`, `/home/${USER}`].map(String),
      ...["CapInh", "CapPrm", "CapEff", "CapBnd", "CapAmb"].flatMap((set) => [`${set}:`, "0".repeat(16)]),
      ...["NoNewPrivs:", "1", "Seccomp:", "2"],
    ]);
  });

  it("is the host's user in what it writes", async () => {
    await room.run(room.request("echo hello >written"));
    const { uid, gid } = await stat(join(room.homeDirectory, "written"));
    expect([uid, gid]).toEqual([process.getuid?.(), process.getgid?.()]);
  });

  it("can read what only the host's user can", async () => {
    const secret = join(room.homeDirectory, "private");
    await writeFile(secret, "for the owner\n");
    await chmod(secret, 0o600);
    expect((await room.run(room.request("cat private"))).output).toBe("for the owner\n");
  });

  it("cannot write to a read-only bind, nor use setuid or devices on any", async () => {
    const bind = { source: room.homeDirectory, target: "/mnt", readOnly: true, relabel: "none" } as const;
    const { binds } = room.request("");
    const script =
      "touch /mnt/no || echo refused; grep -E ' (/mnt|/home/[a-z]*) ' /proc/self/mountinfo | cut -d' ' -f6";
    const { output } = await room.run(room.request(script, { binds: [...binds, bind] }));
    expect(output).toContain("refused");
    expect(output).toMatch(/^rw,nosuid,nodev/m);
    expect(output).toMatch(/^ro,nosuid,nodev/m);
  });

  it("sees no network but its own when it is private, and none at all when it is none", async () => {
    const interfaces = async (network: "private" | "none") =>
      (await room.run(room.request("ls /sys/class/net", { network }))).output.trim().split("\n");
    expect(await interfaces("none")).toEqual(["lo"]);
    expect(await interfaces("private")).toHaveLength(2);
  });
});

describe("what an image brings along", () => {
  it("neither runs, nor is mounted, nor decides about user and environment", async () => {
    const reference = await ensureBusyboxImage(containersEnvironment(), {
      name: "meddling",
      changes: [
        'ENTRYPOINT ["/bin/echo", "entrypoint"]',
        'CMD ["command"]',
        "USER 1234",
        "WORKDIR /tmp",
        "STOPSIGNAL SIGKILL",
        'VOLUME ["/volume"]',
        "ENV HOME=/wrong",
        "ENV INHERITED=yes",
        "ENV KEPT=yes",
      ],
    });
    const image = await room.engine.resolveImage(reference, "never");
    const script =
      "trap 'echo terminated; exit 9' TERM; pwd; id -u; echo $HOME-$INHERITED-$KEPT; ls -d /volume 2>&1; kill -TERM $$";
    const { exit, output } = await room.run(
      room.request(script, { image: image.id, unsetEnv: ["INHERITED"] }),
    );
    expect(exit).toMatchObject({ kind: "exited", exitCode: 9 });
    const home = `/home/${USER}`;
    expect(output).toBe(
      `${home}\n${SESSION_UID}\n${home}--yes\nls: /volume: No such file or directory\nterminated\n`,
    );
  });

  it("fills the home where it is taken from the image, with a volume that is listed until it is removed, which may be twice", async () => {
    const reference = await ensureBusyboxImage(containersEnvironment(), USER_1000);
    const image = await room.engine.resolveImage(reference, "never");
    expect(await room.engine.imageHasPath(image.id, "/home/ubuntu")).toBe(true);
    expect(await room.engine.imageHasPath(image.id, "/home/nobody")).toBe(false);
    const request = room.request("id -un; cat .profile; touch new && stat -c %u . .profile new repo", {
      image: image.id,
      user: "ubuntu2",
      home: "/home/ubuntu",
      homeFromImage: true,
      workingDirectory: "/home/ubuntu",
      binds: [{ source: room.homeDirectory, target: "/home/ubuntu/repo", readOnly: false, relabel: "none" }],
      labels: { "io.agentd.session": "0123" },
    });
    const { output } = await room.run(request);
    const id = String(SESSION_UID);
    expect(output.split("\n")).toEqual(["ubuntu2", "PATH=$HOME/bin:$PATH", id, id, id, id, ""]);
    const name = `${request.name}-home`;
    expect(await room.engine.listVolumes()).toMatchObject([
      { name, labels: { "io.agentd.session": "0123", "io.agentd.instance": room.instance } },
    ]);
    const directory = (await room.engine.homeDirectory(request.name)) ?? "";
    // What the image brought and what the host writes there are the session's.
    const owners = [await stat(directory), await stat(join(directory, ".profile"))].map(({ uid }) => uid);
    expect(owners).toEqual([process.getuid?.(), process.getuid?.()]);
    expect(room.engine.host.storageDirectories.some((each) => directory.startsWith(`${each}/`))).toBe(true);
    await room.engine.removeVolume(name);
    await room.engine.removeVolume(name);
    expect(await room.engine.homeDirectory(request.name)).toBeUndefined();
    expect(await room.engine.listVolumes()).toEqual([]);
    expect(await volumesOf(containersEnvironment(), room.instance)).toEqual([]);
  });
});

describe("a container", () => {
  it("is listed with its labels and phase until it is removed", async () => {
    const asked = room.request("exec sleep 1000", { labels: { "io.agentd.session": "0123" } });
    const { id } = await room.engine.createContainer(asked);
    const listed = async () => room.engine.listContainers({ "io.agentd.session": "0123" });
    expect(await listed()).toMatchObject([{ id, name: asked.name, phase: "created" }]);
    await room.engine.startContainer(id);
    expect(await listed()).toMatchObject([{ phase: "running", labels: { "io.agentd.session": "0123" } }]);
    const first = await room.engine.firstProcess(id);
    await until("the container's own program", async () =>
      (await readFile(`/proc/${first?.pid}/cmdline`, "utf8")).includes("sleep"),
    );
    await room.engine.removeContainer(id);
    expect(await listed()).toEqual([]);
    expect(await room.engine.inspectContainer(id)).toBeUndefined();
  });

  it("may be removed, signalled and started twice", async () => {
    const id = await room.launch(room.request("exec sleep 1000"));
    await room.engine.startContainer(id);
    await room.engine.removeContainer(id);
    await room.engine.removeContainer(id);
    await room.engine.signalContainer(id, "SIGTERM");
    await expect(room.engine.startContainer(id)).rejects.toMatchObject({ code: "container_missing" });
  });

  it("is refused when it is weaker than asked", async () => {
    const strict = room.request("true", { network: "none", limits: { pids: 7 } });
    const { id } = await room.engine.createContainer(room.request("true", { network: "host" }));
    await expect(room.engine.verifyContainer(id, strict)).rejects.toMatchObject({
      code: "container_weaker",
      details: {
        found: expect.arrayContaining([
          "its network is host instead of none",
          "its limit of processes is 2048 instead of 7",
        ]) as string[],
      },
    });
  });

  it("comes and goes with fifteen others at once", async () => {
    const codes = Array.from({ length: 16 }, (_, code) => code);
    const exits = await Promise.all(
      codes.map(async (code) => (await room.run(room.request(`exit ${code}`))).exit),
    );
    expect(exits).toMatchObject(codes.map((exitCode) => ({ kind: "exited", exitCode })));
    expect(await room.engine.listContainers({ "io.agentd.none": "" })).toEqual([]);
  });
});

describe("an image", () => {
  it("that is not here is missing, and the error says what to do", async () => {
    const missing = (pull: "never" | "missing") =>
      expect(room.engine.resolveImage("localhost/agentd-test/no-such-image", pull)).rejects;
    await missing("never").toMatchObject({
      code: "image_missing",
      message:
        'cannot use image localhost/agentd-test/no-such-image: it is not on this host, and the profile sets pull = "never"',
      next: "Build, import or pull it as the daemon's user (list images with `podman images`), or fix base_image.",
    });
    await missing("missing").toMatchObject({
      code: "image_missing",
      message:
        "cannot use image localhost/agentd-test/no-such-image: it is not on this host, and images of localhost/ cannot be pulled from a registry",
    });
  });

  it("is looked into without anything left behind", async () => {
    const { image } = room.request("");
    expect(await room.engine.imageHasPath(image, "/bin/sh")).toBe(true);
    expect(await room.engine.imageHasPath(image, "/home/nobody-has-this")).toBe(false);
    expect(await room.engine.listContainers()).not.toContainEqual(
      expect.objectContaining({ name: expect.stringMatching(/^agentd-probe/) as string }),
    );
  });
});
