/** A claimed session, from here to the head's receipt of its record. */
import { join } from "node:path";
import { readJournal } from "../audit/format/journal.ts";
import { recordPaths } from "../audit/format/record-layout.ts";
import { readDocument } from "../audit/read/query.ts";
import { AgentdError, sentence } from "../errors.ts";
import { type ChannelClient, HeadRefusal } from "../placement/channel/channel-client.ts";
import type { WireTold } from "../placement/channel/protocol.ts";
import type { PlacedPlan } from "../placement/placed-plan.ts";
import type { Intake } from "../sessions/intake.ts";
import { SessionFeed } from "../sessions/state/feed.ts";
import { LogSender } from "./log-sender.ts";
import { nodePlan, type NodeRecordParts, sealedRecord, sealUnbegun } from "./node-record.ts";
import { untilAnswered } from "./patience.ts";
import type { Runner } from "./runner-options.ts";
import { sendRecord } from "./send-record.ts";
import { startOne } from "./start-one.ts";

export interface ClaimedSession extends Runner {
  readonly client: ChannelClient;
  readonly plan: PlacedPlan;
  readonly parts: NodeRecordParts;
  readonly variables: Readonly<Record<string, string>>;
  /** How much of its log the head has. */
  readonly sentBytes: number;
}

/** For a session of which its head wants nothing more. */
const LONGEST_GRACE_MS = 15_000;

/**
 * Runs the session to its seal and sends the record.
 *
 * @throws HeadRefusal when the head wants nothing of it any more: it is stopped, and stays on this node.
 */
export async function followOne(claimed: ClaimedSession): Promise<void> {
  const { client, sessionId, places, log } = claimed;
  const over = new AbortController();
  const patiently = <T>(ask: () => Promise<T>): Promise<T> =>
    untilAnswered(ask, { signal: over.signal, log });
  try {
    const open = await sealedOrOpen(claimed);
    if (!open.isSealed) await live(claimed, open.directory, patiently, over.signal);
    const directory = (await sealedRecord(places, sessionId)) ?? open.directory;
    await sendRecord({ client, sessionId, directory, archive: join(places.state, "record"), patiently });
  } finally {
    over.abort();
  }
}

async function sealedOrOpen({
  places,
  sessionId,
}: ClaimedSession): Promise<{ readonly directory: string; readonly isSealed: boolean }> {
  const directory = (await sealedRecord(places, sessionId)) ?? "";
  const document = directory === "" ? undefined : await readDocument(directory).catch(() => undefined);
  return { directory, isSealed: (document?.outcome ?? null) !== null };
}

async function live(
  claimed: ClaimedSession,
  directory: string,
  patiently: <T>(ask: () => Promise<T>) => Promise<T>,
  signal: AbortSignal,
): Promise<void> {
  const { client, sessionId, plan, parts, sentBytes, log } = claimed;
  const paths = recordPaths(directory);
  const feed = new SessionFeed();
  const refused = new AbortController();
  const onRefusal = (error: unknown): void => {
    if (error instanceof HeadRefusal) refused.abort(error);
  };
  const tellHandedOver = (): void => {
    patiently(() => client.handedOver(sessionId)).catch(onRefusal);
  };
  feed.subscribe((change) => {
    if (change.kind === "journaled" && change.entry.event === "handed_over") tellHandedOver();
  });
  const { entries } = await readJournal(paths.journal);
  if (entries.some(({ event }) => event === "handed_over")) tellHandedOver();
  const intake = await startOne({ ...claimed, feed, failpoints: parts.failpoints }).catch(
    async (error: unknown) => {
      if (!(await sealUnbegun(parts, plan, error))) throw error;
      log.error({ error }, "the session cannot be begun on this node");
      return undefined;
    },
  );
  if (intake === undefined) return;
  const sealed = intake.sealed(sessionId);
  if (sealed === undefined) throw leftAlone(intake, sessionId);
  const sender = new LogSender({ client, sessionId, path: paths.console, sentBytes, patiently });
  void obey(claimed, intake, refused.signal, signal).catch(onRefusal);
  await sealed;
  intake.close();
  await sender.finish().catch((error: unknown) => {
    // The record has the whole log, and a head that wants no more of it says so of the record, too.
    log.warn({ error }, "the head does not have the whole log yet");
  });
  refused.signal.throwIfAborted();
}

/**
 * Stops the session when its head says so, or does not know it any more. What the engine says is told to the head, which
 * asks the engine what it means: a controller that was killed ends jobs that nobody wants to end. Without an answer, the
 * session goes on, also when the engine kills this runner: then the next one goes on with it.
 */
async function obey(
  { client, sessionId, told, log, plan, places, parts }: ClaimedSession,
  intake: Intake,
  refused: AbortSignal,
  signal: AbortSignal,
): Promise<void> {
  const { graceMs } = nodePlan(plan).profile;
  const stop = (grace: number, cause: string | undefined): void => {
    const stopped = intake.get(sessionId)?.stop(grace, cause);
    stopped?.catch((error: unknown) => log.error({ error }, "cannot journal an order to end"));
  };
  const onRefused = (): void =>
    stop(Math.min(graceMs, LONGEST_GRACE_MS), "its head knows nothing of it any more");
  refused.addEventListener("abort", onRefused, { once: true, signal });
  const tellHead = async (what: WireTold): Promise<void> => {
    await parts.failpoints.reach("told_noted");
    log.info({ job: what.job }, "the engine has told a runner to end; asking the head");
    await untilAnswered(() => client.told(sessionId, what), { signal, log });
  };
  told.listen(join(places.state, "told.json"), tellHead, signal).catch((error: unknown) => {
    if (signal.aborted) return;
    log.error({ error }, "cannot tell the head what the engine has said");
    if (error instanceof HeadRefusal) onRefused();
  });
  let isHeard = false;
  while (!signal.aborted) {
    const order = await untilAnswered(() => client.orders(sessionId, isHeard, signal), { signal, log }).catch(
      (error: unknown) => {
        if (signal.aborted) return null;
        if (error instanceof HeadRefusal) onRefused();
        throw error;
      },
    );
    if (order === null) continue;
    isHeard = true;
    stop(order.grace_ms, order.cause);
  }
}

function leftAlone(intake: Intake, sessionId: string): AgentdError {
  const reason =
    intake.incomplete.find(({ id }) => id === sessionId)?.reason ?? "it is not in the open index";
  return new AgentdError("state_unusable", {
    tried: `run session ${sessionId} on this node`,
    why: sentence(new Error(reason)),
    next: "See the log of the runner beside its state.",
  });
}
