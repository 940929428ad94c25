import { once } from "node:events";
import { readFile } from "node:fs/promises";
import { createServer, type RequestListener } from "node:http";
import { type AddressInfo, connect, createServer as createTcpServer } from "node:net";
import { join } from "node:path";
import { describe, expect, it, onTestFinished } from "vitest";
import { expectNothingLeft } from "../kit/house/nothing-left.ts";
import { sendSignal } from "../kit/processes.mjs";
import { readJournal } from "../kit/records.mjs";
import { until } from "../kit/until.mjs";
import type { World } from "../kit/world.ts";
import { AtAFailpoint, firstProcess, killDaemon, letGo, reaches } from "./at-a-failpoint.ts";
import { inAWorld } from "./in-a-world.ts";

/** A server on loopback that counts its connections. */
async function startServer(listener: RequestListener) {
  const server = createServer(listener);
  let connections = 0;
  server.on("connection", () => (connections += 1));
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  onTestFinished(() => {
    server.close();
    server.closeAllConnections();
  });
  return { port: (server.address() as AddressInfo).port, connections: () => connections };
}

/** Asks for a page through the proxy, with the image's nc: its wget crashes with a proxy. @param to where the answer goes. */
function get(port: number, to: string): string {
  const request = `GET http://127.0.0.1:${port}/ HTTP/1.1\\r\\nHost: x\\r\\nConnection: close\\r\\n\\r\\n`;
  return `nc 127.0.0.1 8791 -e sh -c "printf '${request}'; cat > ${to}"`;
}

function withAllowlist(world: World, allow: readonly string[]): void {
  Object.assign(world.profileKeys, { network: "allowlist", allow });
}

/** Runs one session to its end. */
async function runToEnd(world: World, script: string): Promise<string> {
  await world.commitAgent(script);
  await (await world.start("agentd run site-builder --detach")).end();
  await reaches(world, "sealed");
  return (await world.record()).path;
}

async function isVerified(world: World): Promise<void> {
  const verified = await world.start("agentd audit verify SESSION");
  expect(await verified.end(), verified.story()).toBe(0);
}

async function linesOf(record: string): Promise<Record<string, unknown>[]> {
  const text = await readFile(join(record, "agentd/egress.jsonl"), "utf8");
  return text
    .split("\n")
    .filter((line) => line !== "")
    .map((line) => JSON.parse(line) as Record<string, unknown>);
}

async function gatewayPid(world: World): Promise<number> {
  const { sandbox, instance } = await world.daemon();
  const path = join(sandbox.runtimeDirectory(instance), "gateway-2.json");
  return await until("the gateway's record", async () => {
    const text = await readFile(path, "utf8").catch(() => "{}");
    return /"pid":\s*(\d+)/.exec(text)?.[1];
  }).then(Number);
}

const PIECES = 30;
const piece = (index: number): string => `${String(index).padStart(4, "0")}:${"x".repeat(1000)}\n`;
const WHOLE = Array.from({ length: PIECES }, (_, index) => piece(index)).join("");

/** Answers with pieces, one every 100 ms. */
const streams: RequestListener = (_request, response) => {
  let index = 0;
  const timer = setInterval(() => {
    response.write(piece(index));
    index += 1;
    if (index < PIECES) return;
    clearInterval(timer);
    response.end();
  }, 100);
  response.on("close", () => clearInterval(timer));
};

const bodyOf = (answer: string): string => answer.slice(answer.indexOf("\r\n\r\n") + 4);

describe("a session with an allowlist", () => {
  it(
    "reaches what its profile names and nothing else, and its record says so",
    inAWorld(async (world) => {
      const [allowed, other] = [
        await startServer((_request, response) => response.end("the world")),
        await startServer((_request, response) => response.end("the world")),
      ];
      withAllowlist(world, [`127.0.0.1:${allowed.port}`]);
      const record = await runToEnd(
        world,
        [
          get(allowed.port, ".runa/allowed"),
          get(other.port, ".runa/denied"),
          `nc -w 2 10.0.2.2 ${other.port} -e true && echo out >> .runa/leaks`,
          `nc -w 2 127.0.0.1 ${other.port} -e true && echo out >> .runa/leaks`,
          "env > .runa/env",
        ].join("\n"),
      );
      expect(await readFile(join(record, "runa/allowed"), "utf8")).toMatch(
        /^HTTP\/1\.1 200 OK\r\n.*the world$/s,
      );
      const refusal = await readFile(join(record, "runa/denied"), "utf8");
      expect(refusal).toContain("403 Forbidden");
      expect(refusal).toContain("allow");
      await expect(readFile(join(record, "runa/leaks"))).rejects.toThrow("ENOENT");
      expect([allowed.connections(), other.connections()]).toEqual([1, 0]);
      expect(await readFile(join(record, "runa/env"), "utf8")).toContain(
        "HTTPS_PROXY=http://127.0.0.1:8791\n",
      );
      expect(await linesOf(record)).toMatchObject([
        { port: allowed.port, verdict: "allowed" },
        { port: other.port, verdict: "denied", rule: "allow" },
      ]);
      expect(await (await world.record()).document()).toMatchObject({
        outcome: "success",
        egress: {
          allowed: [`127.0.0.1:${allowed.port}`],
          denied: [`127.0.0.1:${other.port}`],
          allowed_count: 1,
          denied_count: 1,
        },
        warnings: [],
      });
      expect(await readFile(join(record, "SHA256SUMS"), "utf8")).toContain("  agentd/egress.jsonl\n");
      await isVerified(world);
      await expectNothingLeft(world);
      const pid = await gatewayPid(world);
      await (await world.daemon()).daemon.stop();
      world.spoilt = true;
      await expect(readFile(`/proc/${pid}/cmdline`)).rejects.toThrow("ENOENT");
    }),
  );

  it(
    "keeps an open stream through the death of the daemon, byte for byte",
    inAWorld(async (world) => {
      const server = await startServer(streams);
      withAllowlist(world, [`127.0.0.1:${server.port}`]);
      await world.commitAgent(
        `${get(server.port, ".runa/stream")}\nuntil [ -e .runa/go ]; do sleep 0.1; done`,
      );
      await (await world.start("agentd run site-builder --detach")).end();
      await until("the stream", () => Promise.resolve(server.connections() > 0));
      const pid = await gatewayPid(world);
      await killDaemon(world);
      await world.startDaemonAgain();
      expect(await gatewayPid(world)).toBe(pid);
      const path = join((await world.record()).path, "runa/stream");
      await until("the end of the stream", async () =>
        (await readFile(path, "utf8")).includes(piece(PIECES - 1)),
      );
      await letGo(world);
      await reaches(world, "sealed");
      const answer = await readFile(path, "utf8");
      expect(answer).toContain("200 OK");
      expect(unchunked(bodyOf(answer))).toBe(WHOLE);
      const record = await world.record();
      expect(await linesOf(record.path)).toMatchObject([{ verdict: "allowed", reason: null }]);
      expect(await record.document()).toMatchObject({ outcome: "success", warnings: [] });
      await isVerified(world);
    }),
  );

  it(
    "gets its network back when the gateway is killed, and its record says so",
    inAWorld(async (world) => {
      const server = await startServer((_request, response) => response.end("the world"));
      withAllowlist(world, [`127.0.0.1:${server.port}`]);
      await world.commitAgent(
        [
          get(server.port, ".runa/first"),
          "until [ -e .runa/go ]; do sleep 0.1; done",
          get(server.port, ".runa/second"),
        ].join("\n"),
      );
      await (await world.start("agentd run site-builder --detach")).end();
      await until("the first page", () => Promise.resolve(server.connections() > 0));
      const record = await world.record();
      sendSignal(await gatewayPid(world), "SIGKILL");
      await until("the return of the network", async () =>
        (await readJournal(record.path)).some(({ event }) => event === "network_restored"),
      );
      await letGo(world);
      await reaches(world, "sealed");
      expect(await readFile(join(record.path, "runa/second"), "utf8")).toMatch(/the world$/);
      const { warnings, outcome } = await record.document();
      expect(outcome).toBe("success");
      expect(warnings).toEqual([expect.stringContaining("were cut, and are missing")]);
      await isVerified(world);
      await expectNothingLeft(world);
    }),
  );

  it(
    "gets its network back from the next daemon when daemon and gateway are killed",
    inAWorld(async (world) => {
      const server = await startServer((_request, response) => response.end("the world"));
      withAllowlist(world, [`127.0.0.1:${server.port}`]);
      await world.commitAgent(`until [ -e .runa/go ]; do sleep 0.1; done\n${get(server.port, ".runa/page")}`);
      await (await world.start("agentd run site-builder --detach")).end();
      await reaches(world, "running");
      await killDaemon(world);
      sendSignal(await gatewayPid(world), "SIGKILL");
      await world.startDaemonAgain();
      const record = await world.record();
      await until("the return of the network", async () =>
        (await readJournal(record.path)).some(({ event }) => event === "network_restored"),
      );
      await letGo(world);
      await reaches(world, "sealed");
      expect(await readFile(join(record.path, "runa/page"), "utf8")).toMatch(/the world$/);
      const { egress } = await record.document();
      expect(egress).toMatchObject({ allowed_count: 1, denied_count: 0 });
    }),
  );

  it(
    "is left with its network by a daemon that detaches",
    inAWorld(async (world) => {
      world.daemonKeys["shutdown"] = "detach";
      const server = await startServer(streams);
      withAllowlist(world, [`127.0.0.1:${server.port}`]);
      await world.commitAgent(get(server.port, ".runa/stream"));
      await (await world.start("agentd run site-builder --detach")).end();
      await until("the stream", () => Promise.resolve(server.connections() > 0));
      expect(await (await world.daemon()).daemon.stop()).toBe(0);
      await world.startDaemonAgain();
      await reaches(world, "sealed");
      const { path } = await world.record();
      expect(unchunked(bodyOf(await readFile(join(path, "runa/stream"), "utf8")))).toBe(WHOLE);
      expect(await (await world.record()).document()).toMatchObject({ outcome: "success", warnings: [] });
    }),
  );

  it(
    "does not start when its image has taken the port",
    inAWorld(async (world) => {
      world.profileKeys["base_image"] = await world.house.image("takes-port");
      withAllowlist(world, []);
      await world.commitAgent("touch .runa/started");
      const failpoint = await AtAFailpoint.arm(world, "container_started=wait@1");
      await (await world.start("agentd run site-builder --detach")).end();
      await failpoint.hit("container_started");
      const [pid = ""] = (await firstProcess(world)).split(" ");
      // 8791 in the kernel's table of sockets.
      await until("the image's listener", async () =>
        (await readFile(`/proc/${pid}/net/tcp6`, "utf8")).includes(":2257 "),
      );
      await failpoint.goOn("container_started");
      await reaches(world, "sealed");
      const { path: record } = await world.record();
      await expect(readFile(join(record, "runa/started"))).rejects.toThrow("ENOENT");
      const document = await (await world.record()).document();
      expect(document).toMatchObject({ outcome: "launch_failed", stage: "network" });
      expect(document.cause).toContain("8791");
      await expectNothingLeft(world);
    }),
  );

  it(
    "clones from a server that it may reach",
    inAWorld(async (world) => {
      const git = new URL(world.house.urlOf("site.git"));
      // Not 127.0.0.1, which no tool asks a proxy for.
      const door = createTcpServer((socket) => {
        const onward = connect(Number(git.port), git.hostname);
        socket.pipe(onward).pipe(socket);
        for (const each of [socket, onward]) each.on("error", () => undefined);
      });
      door.listen(0, "127.0.0.2");
      await once(door, "listening");
      onTestFinished(() => void door.close());
      const { port } = door.address() as AddressInfo;
      const allow = [{ host: `127.0.0.2:${port}`, private: true }];
      Object.assign(world.profileKeys, {
        network: "allowlist",
        allow,
        base_image: await world.house.image("debian-git"),
      });
      const record = await runToEnd(
        world,
        `git clone -q http://127.0.0.2:${port}/site.git /tmp/site && cp /tmp/site/agent.sh .runa/cloned`,
      );
      expect(await readFile(join(record, "runa/cloned"), "utf8")).toContain("git clone");
      expect(await (await world.record()).document()).toMatchObject({
        outcome: "success",
        egress: { allowed: [`127.0.0.2:${port}`], denied: [] },
      });
    }),
  );
});

/** The content of a body that came in chunks. */
function unchunked(body: string): string {
  let content = "";
  for (let at = 0; ;) {
    const end = body.indexOf("\r\n", at);
    const length = Number.parseInt(body.slice(at, end), 16);
    if (!(length > 0)) return content;
    content += body.slice(end + 2, end + 2 + length);
    at = end + 2 + length + 2;
  }
}
