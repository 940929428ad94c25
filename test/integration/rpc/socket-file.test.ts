import { chmod, mkdir, mkdtemp, readFile, rm, stat, symlink, writeFile } from "node:fs/promises";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { execa } from "execa";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { createLogger } from "../../../src/log.ts";
import { connect } from "../../../src/rpc/client.ts";
import { RpcServer } from "../../../src/rpc/server.ts";
import { IDENTITY, startSmallDaemon, STATUS } from "../../kit/small-daemon.ts";

const uid = process.getuid?.() ?? 0;

let directory: string;
let path: string;
const running: RpcServer[] = [];

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), "agentd-socket-"));
  path = join(directory, "agentd", "agentd.sock");
});

afterEach(async () => {
  for (const server of running.splice(0)) await server.close();
  await rm(directory, { recursive: true });
});

async function listen(at: string, owner = uid): Promise<void> {
  const handlers = new Proxy({}, { get: () => () => Promise.resolve(STATUS) });
  const log = createLogger({ write: () => undefined }, "silent");
  const server = new RpcServer({ identity: IDENTITY, handlers: handlers as never, log, uid: owner });
  running.push(server);
  await server.listen(at);
}

async function works(at: string): Promise<void> {
  const client = await connect(at, { version: "0.1.0", timeoutMs: 60_000 });
  client.close();
}

const refused = (why: string) => ({
  code: "socket_unusable",
  message: expect.stringContaining(why) as unknown,
});

describe("listening", () => {
  it("makes a directory that is ours alone and a socket that is ours alone", async () => {
    await listen(path);
    expect((await stat(join(directory, "agentd"))).mode & 0o777).toBe(0o700);
    expect((await stat(path)).mode & 0o777).toBe(0o600);
    await works(path);
  });

  it("removes the socket in the end", async () => {
    await listen(path);
    await running[0]?.close();
    await expect(stat(path)).rejects.toThrow("ENOENT");
  });

  it("takes the place of a socket that a dead daemon left", async () => {
    await mkdir(join(directory, "agentd"), { mode: 0o700 });
    const script = `require("net").createServer().listen(process.argv[1], () => process.kill(process.pid, "SIGKILL"))`;
    await execa("node", ["-e", script, path], { reject: false });
    expect((await stat(path)).isSocket()).toBe(true);
    await listen(path);
    await works(path);
  });

  it("leaves a socket alone on which somebody answers", async () => {
    const daemon = await startSmallDaemon();
    await expect(listen(daemon.path)).rejects.toMatchObject(refused("another process is listening on it"));
    await works(daemon.path);
    await daemon.stop();
  });

  it("leaves a socket alone whose process accepts but says nothing", async () => {
    await mkdir(join(directory, "agentd"), { mode: 0o700 });
    const silent = createServer().listen(path);
    await expect(listen(path)).rejects.toMatchObject(refused("another process is listening on it"));
    expect((await stat(path)).isSocket()).toBe(true);
    silent.close();
  });

  it("never removes what is not a socket", async () => {
    await mkdir(join(directory, "agentd"), { mode: 0o700 });
    await writeFile(path, "precious");
    await expect(listen(path)).rejects.toMatchObject(refused("a file that is not a socket already exists"));
    expect(await readFile(path, "utf8")).toBe("precious");
  });

  it("does not follow a symbolic link at the socket's place", async () => {
    await mkdir(join(directory, "agentd"), { mode: 0o700 });
    await writeFile(join(directory, "target"), "precious");
    await symlink(join(directory, "target"), path);
    await expect(listen(path)).rejects.toMatchObject(refused("a file that is not a socket already exists"));
  });

  it.each([0o755, 0o770, 0o777])("refuses a directory that others can enter: mode %o", async (mode) => {
    await mkdir(join(directory, "agentd"));
    await chmod(join(directory, "agentd"), mode);
    await expect(listen(path)).rejects.toMatchObject(refused("other users can reach"));
  });

  it("refuses a directory of another user", async () => {
    await expect(listen(path, uid + 1)).rejects.toMatchObject(refused("other users can reach"));
  });

  it("says why when the directory cannot be made", async () => {
    await writeFile(join(directory, "file"), "");
    await expect(listen(join(directory, "file", "agentd.sock"))).rejects.toMatchObject(refused("EEXIST"));
  });

  it("refuses a path that the kernel cannot take", async () => {
    const long = join(directory, "x".repeat(120));
    await expect(listen(long)).rejects.toMatchObject({ code: "socket_unusable" });
  });
});

describe("connecting", () => {
  const options = { version: "0.1.0", timeoutMs: 60_000 };

  it("says how to start a daemon when there is no socket", async () => {
    await expect(connect(path, options)).rejects.toMatchObject({
      code: "daemon_not_running",
      message: `cannot reach the daemon on ${path}: no daemon listens there`,
      next: "Start it with `systemctl --user start agentd` or `agentd daemon`.",
    });
  });

  it("gives up on a process that accepts but says nothing", async () => {
    await mkdir(join(directory, "agentd"), { mode: 0o700 });
    const silent = createServer().listen(path);
    await expect(connect(path, { ...options, timeoutMs: 100 })).rejects.toMatchObject({
      code: "daemon_not_running",
      message: expect.stringContaining("nothing answered within 100 ms") as unknown,
    });
    silent.close();
  });

  it("says so when what answers is not a daemon", async () => {
    await mkdir(join(directory, "agentd"), { mode: 0o700 });
    const other = createServer((socket) => socket.end("SSH-2.0-OpenSSH_9.2\n")).listen(path);
    await expect(connect(path, options)).rejects.toMatchObject({
      code: "daemon_lost",
      message: expect.stringContaining("it sent a message that is not a response") as unknown,
    });
    other.close();
  });
});
