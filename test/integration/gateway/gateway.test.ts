import { randomBytes } from "node:crypto";
import { createSocket } from "node:dgram";
import { once } from "node:events";
import { readFile, stat } from "node:fs/promises";
import { connect, createServer, type Socket } from "node:net";
import { networkInterfaces } from "node:os";
import { join } from "node:path";
import { execa } from "execa";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { GATEWAY_PROTOCOL } from "../../../src/gateway/control/control-protocol.ts";
import { summariseEgress } from "../../../src/gateway/log/egress-summary.ts";
import { ownAddresses } from "../../../src/gateway/rules/own-addresses.ts";
import { openListeners } from "../../../src/gateway/sockets/open-listeners.ts";
import { identifyProcess, isAlive } from "../../../src/process-identity.ts";
import { ControlConnection } from "../../../src/rpc/control-connection.ts";
import { inNamespace } from "../../kit/network-namespace.mjs";
import { bundle } from "../../kit/record-fixture.ts";
import { until } from "../../kit/until.mjs";
import {
  GATEWAY_SCRIPT,
  type GatewayGround,
  LISTEN_SCRIPT,
  makeGround,
  startContainer,
  type TestContainer,
} from "./gateway-ground.ts";
import { startTcp, startWorld, type WorldServer } from "./in-process-proxy.ts";

let ground: GatewayGround;
const opened: { remove?: () => Promise<void>; close?: () => void }[] = [];
beforeEach(async () => {
  ground = await makeGround();
});
afterEach(async () => {
  for (const each of opened.splice(0)) {
    await each.remove?.();
    each.close?.();
  }
  await ground.remove();
});

async function container(network?: string, command?: string): Promise<TestContainer> {
  const started = await startContainer(network, command);
  opened.push(started);
  return started;
}

async function world(): Promise<WorldServer> {
  const server = await startWorld((_request, response) => response.end("the world"));
  opened.push(server);
  return server;
}

/** Asks for a page through the proxy. The image's wget would do it in one word, and crashes with a proxy. */
function get(port: number): string {
  const request = `GET http://127.0.0.1:${port}/ HTTP/1.1\\r\\nHost: x\\r\\nConnection: close\\r\\n\\r\\n`;
  return `nc 127.0.0.1 8791 -e sh -c "printf '${request}'; cat >&2"`;
}

/** How many pings a network has got, by its `/proc/net/snmp`. */
function echoesOf(snmp: string): number {
  const [names = "", values = ""] = snmp.split("\n").filter((line) => line.startsWith("Icmp: "));
  return Number(values.split(" ")[names.split(" ").indexOf("InEchos")]);
}

/** Succeeds when a connection comes about. */
const dial = (address: string, port: number): string => `nc -w 2 ${address} ${port} -e true`;

describe("a session's network", () => {
  it.each(["none", "slirp4netns"])("reaches what it may, and nothing else (network %s)", async (network) => {
    const [inside, allowed, other] = [await container(network), await world(), await world()];
    const daemon = ground.daemon();
    const request = ground.request(inside, [`127.0.0.1:${allowed.port}`]);
    await daemon.open(request);
    expect((await inside.run(get(allowed.port))).stdout).toMatch(/^HTTP\/1\.1 200 OK\r\n.*the world$/s);
    const refused = await inside.run(get(other.port));
    expect(refused.stdout).toContain("403 Forbidden");
    expect(await daemon.close(request.session)).toEqual({ known: true, counted: 0, lost: 0, llm: null });
    expect([allowed.connections(), other.connections()]).toEqual([1, 0]);
    const { hosts } = await summariseEgress(request.egress_path);
    expect(hosts).toEqual([
      expect.objectContaining({ port: allowed.port, verdict: "allowed", connections: 1 }),
      expect.objectContaining({ port: other.port, verdict: "denied", rule: "allow", connections: 1 }),
    ]);
    expect((await inside.run(get(allowed.port))).stdout).toContain("Connection refused");
    expect((await stat(request.egress_path)).mode & 0o777).toBe(0o600);
  });

  it("has no other way out: nothing of it reaches a counter", async () => {
    const [inside, outside] = [await container(), await world()];
    const datagrams: Buffer[] = [];
    const udp = createSocket("udp4", (message) => datagrams.push(message)).bind(0, "0.0.0.0");
    await once(udp, "listening");
    opened.push({ close: () => udp.close() });
    const daemon = ground.daemon();
    await daemon.open(ground.request(inside, []));
    expect((await inside.run(dial("127.0.0.1", 8791))).exitCode).toBe(0);
    const own = [...ownAddresses(networkInterfaces())];
    const addresses = [
      "127.0.0.1",
      "::1",
      "10.0.2.2",
      "169.254.169.254",
      "8.8.8.8",
      "2606:4700:4700::1111",
      ...own,
    ];
    for (const address of addresses) {
      for (const port of [outside.port, 80]) {
        const { exitCode, stdout } = await inside.run(dial(address, port));
        expect(exitCode, `${address} port ${port}: ${stdout}`).toBe(1);
      }
      await inside.run(`echo x | nc -u -w 1 ${address} ${udp.address().port}`);
    }
    // Port 8790 is not served, and the proxy leads nowhere.
    expect((await inside.run(dial("127.0.0.1", 8790))).exitCode).toBe(1);
    expect((await inside.run(get(outside.port))).stdout).toContain("403");
    expect((await inside.run("ping -c 1 -W 2 8.8.8.8")).exitCode).not.toBe(0);
    expect((await inside.run("ip route; ip -6 route; ls /sys/class/net")).stdout).toBe("lo");
    // Abstract sockets belong to a network namespace: none of the host's is seen.
    expect((await inside.run("grep -c @ /proc/net/unix")).stdout).toBe("0");
    expect([outside.connections(), datagrams]).toEqual([0, []]);
  });

  it("lets no ping and no abstract socket out, with all the rights in it that its user can have", async () => {
    const inside = await container();
    const daemon = ground.daemon();
    await daemon.open(ground.request(inside, []));
    const enter = async (...command: string[]) =>
      execa("nsenter", [...inNamespace(inside.process.pid), ...command], { reject: false });
    // Its own loopback answers, so this is a ping that works, and a counter that counts.
    const before = echoesOf((await enter("cat", "/proc/net/snmp")).stdout);
    expect((await enter("busybox", "ping", "-c", "1", "127.0.0.1")).exitCode).toBe(0);
    expect(echoesOf((await enter("cat", "/proc/net/snmp")).stdout)).toBe(before + 1);
    const host = async (): Promise<number> => echoesOf(await readFile("/proc/net/snmp", "utf8"));
    const echoes = await host();
    for (const address of ["10.0.2.2", "169.254.169.254", "8.8.8.8"]) {
      expect((await enter("busybox", "ping", "-c", "1", "-W", "1", address)).exitCode).not.toBe(0);
    }
    expect(await host()).toBe(echoes);

    const path = `\0agentd-test-${randomBytes(8).toString("hex")}`;
    let connections = 0;
    const listener = createServer((socket) => void ((connections += 1), socket.destroy())).listen(path);
    opened.push({ close: () => listener.close() });
    await once(listener, "listening");
    await once(connect(path), "connect");
    await until("the host's own connection", () => connections === 1);
    const script = `require("node:net").connect(${JSON.stringify(path)}).on("error", ({ code }) => console.log(code))`;
    expect((await enter(process.execPath, "-e", script)).stdout).toBe("ECONNREFUSED");
    expect(connections).toBe(1);
  });

  it("is not another session's, and cannot be reached from the host", async () => {
    const [first, second, server] = [await container(), await container(), await world()];
    const daemon = ground.daemon();
    await daemon.open(ground.request(first, [`127.0.0.1:${server.port}`]));
    await daemon.open(ground.request(second, []));
    expect((await second.run(get(server.port))).stdout).toContain("403");
    expect((await first.run(get(server.port))).stdout).toMatch(/the world$/);
    const fromHost = await new Promise((resolve) => {
      connect(8791, "127.0.0.1").once("error", resolve).once("connect", resolve);
    });
    expect(fromHost).toMatchObject({ code: "ECONNREFUSED" });
  });

  it("changes with its policy, from the next connection on", async () => {
    const [inside, server] = [await container(), await world()];
    const daemon = ground.daemon();
    const request = ground.request(inside, []);
    await daemon.open(request);
    expect((await inside.run(get(server.port))).stdout).toContain("403");
    await daemon.update(request.session, { profile: "p", allow: [`127.0.0.1:${server.port}`] });
    expect((await inside.run(get(server.port))).stdout).toMatch(/the world$/);
  });

  it("cannot be opened on a port that the container has taken, in a container that has ended or is not ours, or on the host", async () => {
    const [taken, ended] = [await container("none", "nc -ll -p 8791 -e cat"), await container()];
    const daemon = ground.daemon();
    // 8791 in the kernel's table of sockets.
    await until(
      "the listening",
      async () => (await taken.run("grep :2257 /proc/net/tcp /proc/net/tcp6")).exitCode === 0,
    );
    const failure = { code: "network_failed" };
    await expect(daemon.open(ground.request(taken, []))).rejects.toMatchObject({
      ...failure,
      why: "a process of the container already listens on port 8791",
    });
    await ended.remove();
    await expect(daemon.open(ground.request(ended, []))).rejects.toMatchObject({
      ...failure,
      why: "the container's process has ended",
    });
    const own = { ...taken, process: (await identifyProcess(process.pid))! };
    await expect(daemon.open(ground.request(own, []))).rejects.toMatchObject({
      ...failure,
      why: "the container uses the network of the host",
    });
    const foreign = { ...taken, process: (await identifyProcess(1))! };
    await expect(daemon.open(ground.request(foreign, []))).rejects.toMatchObject({
      ...failure,
      why: "agentd may not enter the namespaces of the container",
    });
    await expect(daemon.open(ground.request(taken, ["a/b"]))).rejects.toMatchObject(failure);
    expect((await daemon.list()).sessions).toEqual([]);
  });

  it("is given up when no socket comes in time", async () => {
    const inside = await container();
    const options = { script: LISTEN_SCRIPT, environment: { PATH: process.env["PATH"] ?? "" }, limitMs: 1 };
    await expect(openListeners(inside.process, [8791], options)).rejects.toMatchObject({
      code: "network_failed",
      why: "it took longer than 0.001 s",
    });
  });
});

describe("the gateway", () => {
  it("outlives its daemon's death, and so does an open connection, on which nothing is lost", async () => {
    const inside = await container();
    const server: Socket[] = [];
    const world = await startTcp((socket) => {
      server.push(socket);
      socket.write("before");
    });
    opened.push(world);
    const request = ground.request(inside, [`127.0.0.1:${world.port}`]);
    const script = await bundle(new URL("daemon-to-kill.ts", import.meta.url));
    const first = execa(
      process.execPath,
      [script, GATEWAY_SCRIPT, ground.directory, JSON.stringify(request)],
      {
        reject: false,
      },
    );
    await once(first.stdout, "data");
    const connecting = inside.run(
      `nc 127.0.0.1 8791 -e sh -c "printf 'CONNECT 127.0.0.1:${world.port} HTTP/1.1\r\n\r\n'; cat >&2"`,
    );
    await until("the connection", () => world.connections() === 1);
    first.kill("SIGKILL");
    expect((await first).signal).toBe("SIGKILL");
    server[0]!.write(", after the death");
    const second = ground.daemon();
    expect(await second.open(request)).toBe(false);
    expect((await second.list()).sessions).toEqual([
      { session: request.session, pid: inside.process.pid, connections: 1, llm: null },
    ]);
    server[0]!.end(", with the next daemon");
    expect((await connecting).stdout).toMatch(/\r\n\r\nbefore, after the death, with the next daemon$/);
    expect(world.connections()).toBe(1);
  });

  it("is left to its sessions by a daemon that ends; the next daemon finds it and them", async () => {
    const inside = await container();
    const first = ground.daemon();
    const request = ground.request(inside, []);
    expect(await first.open(request)).toBe(true);
    const gateway = first.process!;
    await first.stop();
    // One that ends cannot know how a session ends, and must not take the others' network.
    expect(await first.close(request.session)).toBeUndefined();
    expect(await isAlive(gateway)).toBe(true);
    const second = ground.daemon();
    expect(await second.open(request)).toBe(false);
    expect(second.process).toEqual(gateway);
    expect((await second.list()).sessions).toEqual([
      { session: request.session, pid: inside.process.pid, connections: 0, llm: null },
    ]);
    await second.closeOthers(new Set([request.session]));
    expect((await second.list()).sessions).toHaveLength(1);
    await second.closeOthers(new Set());
    expect((await second.list()).sessions).toEqual([]);
    await second.stop();
    await until("the gateway's end", async () => !(await isAlive(gateway)));
  });

  it("is not started to close what it cannot have", async () => {
    const daemon = ground.daemon();
    await daemon.closeOthers(new Set());
    expect(await daemon.close("0123456789abcdef")).toEqual({ known: false, counted: 0, lost: 0, llm: null });
    expect(daemon.process).toBeUndefined();
  });

  it("is started again when it is killed, with its sessions; meanwhile nothing is reached", async () => {
    const [inside, server] = [await container(), await world()];
    const restored: string[] = [];
    const daemon = ground.daemon({ onSessionRestored: (session) => restored.push(session) });
    const request = ground.request(inside, [`127.0.0.1:${server.port}`]);
    await daemon.open(request);
    const gateway = daemon.process!;
    process.kill(gateway.pid, "SIGKILL");
    await until("the session's return", () => restored.length > 0);
    expect([restored, daemon.process?.pid === gateway.pid]).toEqual([[request.session], false]);
    expect((await inside.run(get(server.port))).stdout).toMatch(/the world$/);
    expect(server.connections()).toBe(1);
  });

  it("that is killed takes its connections along, and refuses new ones at once until a daemon comes", async () => {
    const inside = await container();
    let heard = "";
    const echo = await startTcp((socket) => void socket.on("data", (data) => (heard += String(data))));
    opened.push(echo);
    const first = ground.daemon();
    const request = ground.request(inside, [`127.0.0.1:${echo.port}`]);
    await first.open(request);
    const gateway = first.process!;
    await first.stop();
    const connecting = inside.run(
      `nc 127.0.0.1 8791 -e sh -c "printf 'CONNECT 127.0.0.1:${echo.port} HTTP/1.1\\r\\n\\r\\n'; read -r status; echo \\$status >&2; echo through; cat >&2"`,
    );
    await until("the tunnel", () => heard.includes("through"));
    process.kill(gateway.pid, "SIGKILL");
    expect((await connecting).stdout).toMatch(/^HTTP\/1\.1 200 /);
    const refused = await inside.run(dial("127.0.0.1", 8791));
    expect(refused).toMatchObject({ exitCode: 1, stdout: expect.stringContaining("refused") });
    await ground.daemon().open(request);
    expect((await inside.run(dial("127.0.0.1", 8791))).exitCode).toBe(0);
  });

  it("that dies just before a session opens costs the session nothing", async () => {
    const [inside, server] = [await container(), await world()];
    const daemon = ground.daemon();
    await daemon.list();
    process.kill(daemon.process!.pid, "SIGKILL");
    await daemon.open(ground.request(inside, [`127.0.0.1:${server.port}`]));
    expect((await inside.run(get(server.port))).stdout).toMatch(/the world$/);
  });

  it("may take longer to start than to answer", async () => {
    const daemon = ground.daemon({
      answerMs: 1_000,
      spawn: async ({ script, socketPath, environment }) => {
        const program = ["-c", 'sleep 2; exec "$@"', "sh", process.execPath, script, socketPath];
        const child = execa("sh", program, {
          env: environment,
          extendEnv: false,
          stdio: "ignore",
          detached: true,
          cleanup: false,
          reject: false,
        });
        child.unref();
        return (await identifyProcess(child.pid!))!;
      },
    });
    expect((await daemon.list()).sessions).toEqual([]);
  });

  it("is killed and started again when it hangs", async () => {
    const [inside, server] = [await container(), await world()];
    const daemon = ground.daemon({ askMs: 100, answerMs: 1_000 });
    await daemon.open(ground.request(inside, [`127.0.0.1:${server.port}`]));
    const gateway = daemon.process!;
    process.kill(gateway.pid, "SIGSTOP");
    await until("the next gateway", () => daemon.process !== undefined && daemon.process.pid !== gateway.pid);
    expect(await isAlive(gateway)).toBe(false);
    await until("the session's network", async () =>
      (await inside.run(get(server.port))).stdout.endsWith("the world"),
    );
  });

  it("that hangs is replaced by a daemon that starts", async () => {
    const inside = await container();
    const first = ground.daemon();
    const request = ground.request(inside, []);
    await first.open(request);
    const gateway = first.process!;
    await first.stop();
    process.kill(gateway.pid, "SIGSTOP");
    const second = ground.daemon({ answerMs: 1_000 });
    await second.open(request);
    expect(second.process?.pid).not.toBe(gateway.pid);
    expect(await isAlive(gateway)).toBe(false);
  });

  it("closes a session whose container has ended, and remembers how", async () => {
    const inside = await container();
    const daemon = ground.daemon();
    const request = ground.request(inside, []);
    await daemon.open(request);
    await inside.remove();
    await until("the session's end", async () => (await daemon.list()).sessions.length === 0);
    expect(await daemon.close(request.session)).toEqual({ known: true, counted: 0, lost: 0, llm: null });
    expect(await daemon.close(request.session)).toEqual({ known: false, counted: 0, lost: 0, llm: null });
  });

  it("of another version without sessions is replaced; with sessions it is used", async () => {
    const inside = await container();
    const first = ground.daemon();
    const request = ground.request(inside, []);
    await first.open(request);
    const gateway = first.process!;
    const newer = ground.daemon({ version: "9.9.9" });
    await newer.open(request);
    expect(newer.process).toEqual(gateway);
    await newer.close(request.session);
    await newer.stop();
    await first.stop();
    await until("the gateway's end", async () => !(await isAlive(gateway)));
  });

  it("has a socket for its user only, and takes hello first, of its own protocol", async () => {
    const daemon = ground.daemon();
    await daemon.list();
    const path = join(ground.directory, "gateway.sock");
    expect((await stat(path)).mode & 0o777).toBe(0o600);
    const say = async (...messages: readonly unknown[]): Promise<unknown[]> =>
      new Promise((resolve) => {
        const answers: unknown[] = [];
        const socket = connect(path);
        let text = "";
        socket.on("data", (chunk) => {
          text += chunk.toString();
          const lines = text.split("\n");
          text = lines.pop() ?? "";
          answers.push(...lines.map((line) => JSON.parse(line) as unknown));
          if (answers.length === messages.length) {
            socket.destroy();
            resolve(answers);
          }
        });
        socket.once("close", () => resolve(answers));
        for (const message of messages) socket.write(`${JSON.stringify(message)}\n`);
      });
    const call = (method: string, params: unknown = {}): object => ({
      jsonrpc: "2.0",
      id: 1,
      method,
      params,
    });
    const failure = (code: string): object => ({
      error: expect.objectContaining({ data: expect.objectContaining({ code }) }),
    });
    expect(await say(call("list"))).toEqual([expect.objectContaining(failure("protocol_error"))]);
    expect(await say(call("hello", { protocol: 99, version: "9" }))).toEqual([
      expect.objectContaining(failure("protocol_mismatch")),
    ]);
    expect(await say(call("drop tables"))).toEqual([expect.objectContaining(failure("protocol_error"))]);
    expect(await say("no object")).toEqual([]);
    const connection = await ControlConnection.open(GATEWAY_PROTOCOL, path, "0.1.0", 10_000);
    expect(connection?.peer).toMatchObject({ version: "0.1.0", sessions: 0 });
    connection?.close();
  });

  it("ends on SIGTERM with its logs written, and cuts what is open", async () => {
    const inside = await container();
    const echo = await startTcp((socket) => socket.pipe(socket));
    opened.push(echo);
    const daemon = ground.daemon();
    const request = ground.request(inside, [`127.0.0.1:${echo.port}`]);
    await daemon.open(request);
    const gateway = daemon.process!;
    const connecting = inside.run(
      `(printf 'CONNECT 127.0.0.1:${echo.port} HTTP/1.1\\r\\n\\r\\n'; sleep 600) | nc 127.0.0.1 8791`,
    );
    await until("the connection", () => echo.connections() === 1);
    await daemon.stop();
    process.kill(gateway.pid, "SIGTERM");
    await until("the gateway's end", async () => !(await isAlive(gateway)));
    expect(await readFile(request.egress_path, "utf8")).toMatch(/"verdict":"allowed"/);
    await inside.remove();
    await connecting;
  });
});
