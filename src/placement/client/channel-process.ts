/** Finds the channel that runs, or starts one. It is nobody's child: it outlives the daemon that started it. */
import { basename } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { AgentdError } from "../../errors.ts";
import type { Logger } from "../../log.ts";
import { isAlive, type ProcessIdentity } from "../../process-identity.ts";
import { startDetached } from "../../programs/detached-program.ts";
import { endProcessGroup } from "../../programs/process-table.ts";
import { endLeftoverProgram, recordProgram } from "../../programs/program-record.ts";
import { ControlConnection } from "../../rpc/control-connection.ts";
import { CHANNEL_CONTROL, type ChannelConnection } from "../channel/control.ts";

export interface ChannelProcessOptions {
  /** Path of the bundled `placement.cjs`. */
  readonly script: string;
  /** Where the daemon asks it; its directory exists and is private to the user. */
  readonly socketPath: string;
  /** The file that names the running channel, for the case that it hangs. */
  readonly recordPath: string;
  /** What it says on standard error goes there; cut when a new one starts. */
  readonly logPath: string;
  /** What it keeps of sessions, and its key. */
  readonly directory: string;
  /** Where it listens: an address and a port, as in a URL. */
  readonly listen: string;
  /** `PATH`. No secret. */
  readonly environment: Readonly<Record<string, string>>;
  /** The version of this daemon. */
  readonly version: string;
  readonly log: Logger;
}

const ANSWER_MS = 10_000;
/** How long a new one may take until it listens, on a host that is very busy. One that ends is noticed at once. */
const START_MS = 60_000;
const ASK_PAUSE_MS = 10;

/**
 * A connection to the channel of this instance: to the one that runs, or to a new one in the place of one that hangs, is of
 * another version or listens elsewhere. What it knows of sessions is on disk.
 *
 * @throws AgentdError `placement_unknown`, `protocol_mismatch`.
 */
export async function reachChannel(options: ChannelProcessOptions): Promise<ChannelConnection> {
  const { socketPath, version, listen, log } = options;
  try {
    const found = await ControlConnection.open(CHANNEL_CONTROL, socketPath, version, ANSWER_MS);
    if (found === undefined) return await startChannel(options);
    if (found.peer.version === version && listen.endsWith(`:${found.peer.port}`)) return found;
    log.info({ version: found.peer.version }, "replacing the channel");
    await found.call("end", {}, ANSWER_MS);
    await found.closed();
  } catch (error) {
    if (!(error instanceof AgentdError) || error.code !== "placement_unknown") throw error;
    log.warn({ error }, "the channel does not answer; replacing it");
  }
  return await startChannel(options);
}

async function startChannel(options: ChannelProcessOptions): Promise<ChannelConnection> {
  const { recordPath, socketPath, version, script, log } = options;
  // One that hangs, or is about to end.
  await endLeftoverProgram(recordPath, (argv) => argv.some((each) => basename(each) === basename(script)), 0);
  const channel = await spawnChannel(options);
  await recordProgram(recordPath, channel);
  const deadline = performance.now() + START_MS;
  while (performance.now() < deadline && (await isAlive(channel))) {
    const connection = await ControlConnection.open(CHANNEL_CONTROL, socketPath, version, ANSWER_MS);
    if (connection !== undefined) {
      log.info({ pid: channel.pid, port: connection.peer.port }, "started the channel to other machines");
      return connection;
    }
    await delay(ASK_PAUSE_MS);
  }
  await endProcessGroup(channel, 0);
  throw notStarted(`it did not listen on ${options.listen}`, options);
}

async function spawnChannel(options: ChannelProcessOptions): Promise<ProcessIdentity> {
  const { script, socketPath, directory, listen, logPath, environment } = options;
  const words = [script, socketPath, directory, listen];
  const identity = await startDetached({ words, environment, logPath });
  if (identity === undefined) throw notStarted("it ended at once", options);
  return identity;
}

function notStarted(why: string, { logPath }: ChannelProcessOptions): AgentdError {
  return new AgentdError("placement_unknown", {
    tried: "start the channel to other machines",
    why,
    next: `See ${logPath}, and check [placement] listen.`,
  });
}
