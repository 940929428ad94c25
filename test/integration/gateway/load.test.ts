import { spawn } from "node:child_process";
import { once } from "node:events";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { execa } from "execa";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { summariseEgress } from "../../../src/gateway/log/egress-summary.ts";
import { isAlive } from "../../../src/process-identity.ts";
import { inNamespace, makeNamespace, type Namespace, runInNamespace } from "../../kit/network-namespace.mjs";
import { until } from "../../kit/until.mjs";
import { type GatewayGround, makeGround } from "./gateway-ground.ts";
import { startTcp, startWorld, type WorldServer } from "./in-process-proxy.ts";

const FLOOD = join(import.meta.dirname, "flood.mjs");
const PAGE_CLIENT = join(import.meta.dirname, "../../kit/page-client.mjs");
const PAGE = "the world";

let ground: GatewayGround;
const opened: { close: () => unknown }[] = [];
beforeEach(async () => {
  ground = await makeGround();
});
afterEach(async () => {
  for (const each of opened.splice(0)) await each.close();
  await ground.remove();
});

async function namespace(): Promise<Namespace> {
  const made = await makeNamespace();
  opened.push(made);
  return made;
}

async function world(): Promise<WorldServer> {
  const server = await startWorld((_request, response) => response.end(PAGE));
  opened.push(server);
  return server;
}

/** Succeeds when the session gets so many pages, one after the other. */
async function getPages({ process }: Namespace, port: number, count: number): Promise<void> {
  const args = ["absolute", String(port), String(PAGE.length), String(count)];
  await runInNamespace(process.pid, [PAGE_CLIENT, ...args]);
}

interface Flood {
  /** What became of the next connections, as how many by status. */
  readonly next: () => Promise<Readonly<Record<string, number>>>;
  readonly goOn: () => void;
}

function flood({ process: { pid } }: Namespace, ...args: readonly number[]): Flood {
  const program = [...inNamespace(pid), process.execPath, FLOOD, ...args.map(String)];
  const child = spawn("nsenter", program, { stdio: ["pipe", "pipe", "inherit"] });
  opened.push({ close: () => child.kill("SIGKILL") });
  const lines = createInterface({ input: child.stdout });
  return {
    next: async () => JSON.parse(String((await once(lines, "line"))[0])) as Record<string, number>,
    goOn: () => void child.stdin.write("\n"),
  };
}

describe("under load, the gateway", () => {
  it("bounds and writes down ten thousand connections of one session, and serves another meanwhile", async () => {
    const [noisy, quiet, page] = [await namespace(), await namespace(), await world()];
    const sink = await startTcp((socket) => socket.resume().once("end", () => socket.end()));
    opened.push(sink);
    const daemon = ground.daemon();
    const request = ground.request(noisy, [`127.0.0.1:${sink.port}`]);
    await daemon.open(request);
    await daemon.open(ground.request(quiet, [`127.0.0.1:${page.port}`]));

    const session = flood(noisy, sink.port, 400, 10_000, 200);
    expect(await session.next()).toEqual({ 200: 256, closed: 144 });
    expect(sink.connections()).toBe(256);
    const { sessions } = await daemon.list();
    expect(sessions.find((each) => each.session === request.session)?.connections).toBe(256);
    await getPages(quiet, page.port, 10);

    const flooded = session.next();
    session.goOn();
    const over = flooded.then(() => true);
    let served = 0;
    do {
      await getPages(quiet, page.port, 10);
      served += 10;
    } while (!(await Promise.race([over, Promise.resolve(false)])));
    const { 403: refused = 0, closed = 0, ...others } = await flooded;
    expect([refused + closed, others]).toEqual([10_000, {}]);
    expect(page.connections()).toBe(10 + served);

    const end = await daemon.close(request.session);
    const lines = (await readFile(request.egress_path, "utf8")).trimEnd().split("\n");
    const own = lines.filter((line) => !line.includes('"connections":'));
    expect(own.length).toBeLessThanOrEqual(10_000);
    // A disk that is slow makes counters of some before.
    expect(end).toEqual({ known: true, counted: 10_400 - own.length, lost: 0, llm: null });
    const { hosts } = await summariseEgress(request.egress_path);
    const sum = (rule: string): number =>
      hosts.filter((host) => host.rule === rule).reduce((total, { connections }) => total + connections, 0);
    expect([sum("allow"), sum("connections")]).toEqual([refused, 144 + closed]);
    expect(sum(`127.0.0.1:${sink.port}`)).toBe(256);
  });

  it("has the sockets of a hundred sessions open, each with what it may reach", async () => {
    const [one, other] = [await world(), await world()];
    const all = await Promise.all(Array.from({ length: 100 }, async () => namespace()));
    const daemon = ground.daemon();
    const requests = all.map((each, at) =>
      ground.request(each, [`127.0.0.1:${(at % 2 === 0 ? one : other).port}`]),
    );
    await Promise.all(requests.map(async (request) => daemon.open(request)));
    const gateway = daemon.process!;
    expect((await daemon.list()).sessions.map(({ session }) => session).sort()).toEqual(
      requests.map(({ session }) => session).sort(),
    );
    const answers: string[] = [];
    for (const { process } of all) {
      const input = `GET http://127.0.0.1:${one.port}/ HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n`;
      const nc = [...inNamespace(process.pid), "busybox", "nc", "127.0.0.1", "8791"];
      answers.push((await execa("nsenter", nc, { input })).stdout.split(" ")[1] ?? "");
    }
    expect(answers).toEqual(all.map((_, at) => (at % 2 === 0 ? "200" : "403")));
    expect([one.connections(), other.connections()]).toEqual([50, 0]);
    const ends = await Promise.all(requests.map(async ({ session }) => daemon.close(session)));
    expect(ends).toEqual(all.map(() => ({ known: true, counted: 0, lost: 0, llm: null })));
    await daemon.stop();
    await until("the gateway's end", async () => !(await isAlive(gateway)));
  });
});
