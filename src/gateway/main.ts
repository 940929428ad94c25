/**
 * The gateway: `node gateway.cjs SOCKET [IDLE_MS]`. Serves the networks of sessions until it is told to end, or until
 * nobody has needed it for a while. It outlives its daemon; the next one finds it by its socket.
 */
import { networkInterfaces } from "node:os";
import { join } from "node:path";
import pLimit from "p-limit";
import type { Dispatcher } from "undici";
import { AgentdError, sentence } from "../errors.ts";
import { createLogger } from "../log.ts";
import { identifyProcess } from "../process-identity.ts";
import { ControlServer } from "../rpc/control-server.ts";
import { type ControlHandlers, GATEWAY_PROTOCOL } from "./control/control-protocol.ts";
import { GatewaySessions } from "./control/gateway-sessions.ts";
import { accessOf } from "./control/llm-access.ts";
import { resolveOnHost } from "./proxy/resolver.ts";
import { ownAddresses } from "./rules/own-addresses.ts";
import { openListeners } from "./sockets/open-listeners.ts";

declare const AGENTD_VERSION: string;

/** How often it looks for containers that have ended. */
const LOOK_MS = 2_000;
/** Each starts a program of its own: more at once make all of them late. */
const OPENED_AT_ONCE = 4;
/** How long it stays without sessions and without a daemon. */
const IDLE_MS = 60_000;

async function main(): Promise<void> {
  const [socketPath = "", idleText] = process.argv.slice(2);
  const idleMs = idleText === undefined ? IDLE_MS : Number(idleText);
  process.umask(0o077);
  // Its file may be on a disk that is full.
  process.stderr.on("error", () => undefined);
  const log = createLogger({ write: (line) => void process.stderr.write(line) }, "info");
  const listening = {
    script: join(__dirname, "gateway-listen.cjs"),
    environment: { PATH: process.env["PATH"] ?? "" },
  };
  const inTurn = pLimit(OPENED_AT_ONCE);
  const identity = await identifyProcess(process.pid);
  if (identity === undefined) throw new Error("/proc does not show this process");
  let dispatcher: Dispatcher | undefined;
  const sessions = new GatewaySessions({
    listen: async (container, ports) => inTurn(async () => openListeners(container, ports, listening)),
    resolve: resolveOnHost,
    ownAddresses: () => ownAddresses(networkInterfaces()),
    now: Date.now,
    openLlm: async (session, llm) => {
      // Most of the gateway's memory, and only some sessions need it.
      const { createDispatcher } = await import("../llm/server/dispatcher.ts");
      const { openLlm } = await import("../llm/server/open-llm.ts");
      dispatcher ??= createDispatcher(process.env);
      const clock = (): number => performance.now();
      return await openLlm(accessOf(session, llm), { dispatcher, now: Date.now, clock, self: identity });
    },
  });

  let lastNeeded = performance.now();
  let isEnding = false;
  const end = async (): Promise<void> => {
    isEnding = true;
    clearInterval(looking);
    server.close();
    await sessions.closeAll();
    await dispatcher?.destroy();
  };
  const handlers: ControlHandlers = {
    hello: async () => ({ version: AGENTD_VERSION, process: identity, sessions: sessions.size }),
    open: async (request) => {
      // By a daemon that found it just before: it starts the next one.
      if (isEnding) {
        throw new AgentdError("gateway_unavailable", {
          tried: "open a session's network",
          why: "it is ending",
        });
      }
      return { opened: await sessions.open(request) };
    },
    update: async ({ session, policy }) => {
      await sessions.update(session, policy);
      return {};
    },
    close: async ({ session }) => sessions.close(session),
    rotate: async (request) => ({ sessions: sessions.rotate(request) }),
    verdict: async (request) => sessions.verdict(request),
    list: async () => ({ memory_bytes: process.memoryUsage.rss(), sessions: sessions.list() }),
    end: async () => {
      if (!sessions.isEmpty) {
        throw new AgentdError("sessions_open", {
          tried: "end the gateway",
          why: `${sessions.size} sessions use it`,
        });
      }
      isEnding = true;
      setImmediate(() => void end());
      return {};
    },
  };
  const server = new ControlServer({
    protocol: GATEWAY_PROTOCOL,
    handlers,
    log,
    uid: process.getuid?.() ?? 0,
  });
  const look = async (): Promise<void> => {
    await sessions.closeEnded();
    const isNeeded = server.clients > 0 || !sessions.isEmpty;
    if (isNeeded) lastNeeded = performance.now();
    else if (performance.now() - lastNeeded >= idleMs) await end();
  };
  const looking = setInterval(() => void look(), Math.min(LOOK_MS, idleMs));
  // A hangup of the terminal on which the daemon ran is nothing to it.
  process.on("SIGHUP", () => undefined);
  for (const signal of ["SIGTERM", "SIGINT"] as const) process.once(signal, () => void end());
  try {
    await server.listen(socketPath);
    log.info({ pid: process.pid, version: AGENTD_VERSION }, "the gateway is ready");
  } catch (error) {
    log.error({ error: sentence(error) }, "the gateway cannot start");
    process.exitCode = 1;
    await end();
  }
}

void main();
