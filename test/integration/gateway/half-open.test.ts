import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import type { ServerResponse } from "node:http";
import type { Socket } from "node:net";
import { text } from "node:stream/consumers";
import { execa } from "execa";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { summariseEgress } from "../../../src/gateway/log/egress-summary.ts";
import { inNamespace, makeNamespace, type Namespace } from "../../kit/network-namespace.mjs";
import { until } from "../../kit/until.mjs";
import { type GatewayGround, makeGround } from "./gateway-ground.ts";
import { startTcp, startWorld } from "./in-process-proxy.ts";

const CLIENT = new URL("../../kit/waiting-client.mjs", import.meta.url).pathname;

let ground: GatewayGround;
let inside: Namespace;
const opened: { close: () => unknown }[] = [];
beforeEach(async () => {
  ground = await makeGround();
  inside = await makeNamespace();
  // How long the kernel keeps what is left of a closed socket; a minute is its default.
  const shorten = "echo 1 > /proc/sys/net/ipv4/tcp_fin_timeout";
  await execa("nsenter", [...inNamespace(inside.process.pid), "sh", "-c", shorten]);
});
afterEach(async () => {
  for (const each of opened.splice(0)) each.close();
  await ground.remove();
  await inside.close();
});

function startClient(form: string, port: number): ChildProcess & { stdout: NodeJS.ReadableStream } {
  const args = [...inNamespace(inside.process.pid), process.execPath, CLIENT, form, String(port)];
  const child = spawn("nsenter", args, { stdio: ["ignore", "pipe", "inherit"] });
  opened.push({ close: () => child.kill("SIGKILL") });
  return child;
}

/** A server that answers when it is told to. */
async function startSlowServer(form: string) {
  const waiting: (() => void)[] = [];
  const server =
    form === "connect"
      ? await startTcp((socket: Socket) => waiting.push(() => socket.end("the answer")))
      : await startWorld((_request, response: ServerResponse) => {
          waiting.push(() => response.end("the answer"));
        });
  opened.push(server);
  return { port: server.port, waiting };
}

describe("a client that has ended its side", () => {
  it.each(["absolute", "connect"])(
    "loses its connection when it is gone, and gets its answer when it waits (%s)",
    async (form) => {
      const server = await startSlowServer(form);
      const daemon = ground.daemon();
      const request = ground.request(inside, [`127.0.0.1:${server.port}`]);
      await daemon.open(request);
      const connections = async (): Promise<number | undefined> =>
        (await daemon.list()).sessions[0]?.connections;
      const waits = startClient(form, server.port);
      const answer = text(waits.stdout);
      await until("the first request", () => server.waiting.length === 1);
      const gone = startClient(form, server.port);
      await until("both requests", () => server.waiting.length === 2);
      expect(await connections()).toBe(2);
      gone.kill("SIGKILL");
      await once(gone, "exit");
      await until("the end of the connection", async () => (await connections()) === 1);
      server.waiting[0]?.();
      expect(await answer).toMatch(/^HTTP\/1\.1 200 .*the answer/s);
      await until("the end of both", async () => (await connections()) === 0);
      expect(await daemon.close(request.session)).toEqual({ known: true, counted: 0, lost: 0 });
      expect((await summariseEgress(request.egress_path)).hosts).toEqual([
        expect.objectContaining({ verdict: "allowed", connections: 2 }),
      ]);
    },
  );
});
