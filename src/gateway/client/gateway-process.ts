/** Finds the gateway that runs, or starts one. It is nobody's child: it outlives the daemon that started it. */
import { once } from "node:events";
import { connect } from "node:net";
import { basename } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { AgentdError } from "../../errors.ts";
import type { Logger } from "../../log.ts";
import { isAlive, type ProcessIdentity } from "../../process-identity.ts";
import { startDetached } from "../../programs/detached-program.ts";
import { endProcessGroup } from "../../programs/process-table.ts";
import { endLeftoverProgram, recordProgram } from "../../programs/program-record.ts";
import { ControlConnection } from "../../rpc/control-connection.ts";
import { nobodyListens } from "../../rpc/protocol.ts";
import { GATEWAY_PROTOCOL, type GatewayConnection } from "../control/control-protocol.ts";

export interface GatewayProcessOptions {
  /** Path of the bundled `gateway.cjs`. */
  readonly script: string;
  /** Where it listens; its directory exists and is private to the user. */
  readonly socketPath: string;
  /** The file that names the running gateway, for the case that it hangs. */
  readonly recordPath: string;
  /** What it says on standard error goes there; cut when a new one starts. */
  readonly logPath: string;
  /** Its `PATH`, and what names the user's directories. No secret. */
  readonly environment: Readonly<Record<string, string>>;
  /** The version of this daemon. */
  readonly version: string;
  /** How long an answer may take, in milliseconds; opening a session's network may take longer. Default 10 seconds. */
  readonly answerMs?: number | undefined;
  readonly log: Logger;
  /** Default: starts the script with this Node. */
  readonly spawn?: ((options: GatewayProcessOptions) => Promise<ProcessIdentity>) | undefined;
}

export const ANSWER_MS = 10_000;
/** How long a new one may take until it listens, on a host that is very busy. One that ends is noticed at once. */
const START_MS = 60_000;
const ASK_PAUSE_MS = 10;
/** Names are resolved on threads of their own, and one session must not take those of another. */
const THREADS = "64";
/** MiB for objects that live short: streams make many, and the default would let them fill much more memory. */
const SMALL_SEMI_SPACE = "--max-semi-space-size=2";

/**
 * A connection to the gateway of this user: to the one that runs, or a new one in the place of one that hangs, or that
 * is of another version and has no session.
 *
 * @throws AgentdError `gateway_unavailable`, `protocol_mismatch`.
 */
export async function reachGateway(options: GatewayProcessOptions): Promise<GatewayConnection> {
  const { socketPath, version, answerMs = ANSWER_MS, log } = options;
  try {
    const found = await ControlConnection.open(GATEWAY_PROTOCOL, socketPath, version, answerMs);
    if (found === undefined) return await startGateway(options);
    const { version: theirs, sessions } = found.peer;
    if (theirs === version || sessions > 0) return found;
    log.info({ version: theirs }, "replacing the gateway of another version");
    await found.call("end", {}, answerMs);
    await found.closed();
  } catch (error) {
    if (!isUnavailable(error)) throw error;
    log.warn({ error }, "the gateway does not answer; replacing it");
  }
  return startGateway(options);
}

/** Whether a gateway listens there, which may hang. */
export async function gatewayListens(socketPath: string): Promise<boolean> {
  const socket = connect(socketPath);
  try {
    await once(socket, "connect");
    return true;
  } catch (error) {
    return !nobodyListens(error);
  } finally {
    socket.destroy();
  }
}

/** Kills a gateway that hangs; its sessions' connections end at once. */
export async function killGateway(gateway: ProcessIdentity): Promise<void> {
  await endProcessGroup(gateway, 0);
}

async function startGateway(options: GatewayProcessOptions): Promise<GatewayConnection> {
  const {
    recordPath,
    socketPath,
    version,
    script,
    log,
    answerMs = ANSWER_MS,
    spawn = spawnGateway,
  } = options;
  // One that hangs, or is about to end.
  await endLeftoverProgram(recordPath, (argv) => argv.some((each) => basename(each) === basename(script)), 0);
  const gateway = await spawn(options);
  await recordProgram(recordPath, gateway);
  const deadline = performance.now() + START_MS;
  while (performance.now() < deadline && (await isAlive(gateway))) {
    const connection = await ControlConnection.open(GATEWAY_PROTOCOL, socketPath, version, answerMs);
    if (connection !== undefined) {
      log.info({ pid: gateway.pid }, "started the gateway");
      return connection;
    }
    await delay(ASK_PAUSE_MS);
  }
  await killGateway(gateway);
  throw notStarted(`it did not listen on ${socketPath}`, options);
}

async function spawnGateway(options: GatewayProcessOptions): Promise<ProcessIdentity> {
  const { script, socketPath, logPath, environment } = options;
  const identity = await startDetached({
    words: [SMALL_SEMI_SPACE, script, socketPath],
    environment: { ...environment, UV_THREADPOOL_SIZE: THREADS },
    logPath,
  });
  if (identity === undefined) throw notStarted("it ended at once", options);
  return identity;
}

function notStarted(why: string, { logPath }: GatewayProcessOptions): AgentdError {
  return new AgentdError("gateway_unavailable", { tried: "start the gateway", why, next: `See ${logPath}.` });
}

function isUnavailable(error: unknown): boolean {
  return error instanceof AgentdError && error.code === "gateway_unavailable";
}
