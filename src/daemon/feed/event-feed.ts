/** The feed of events with everything that is told to it. */
import { join } from "node:path";
import { readJournal } from "../../audit/format/journal.ts";
import { recordPaths } from "../../audit/format/record-layout.ts";
import type { ObservedRecord } from "../../audit/open/record-observer.ts";
import { syncFile } from "../../durable-files.ts";
import { DaemonTeller } from "../../events/daemon-teller.ts";
import { Debts } from "../../events/debts.ts";
import { type DurableFeed, openFeed } from "../../events/durable-feed.ts";
import { ScheduleTeller } from "../../events/schedule-events.ts";
import type { OtherFiles } from "../../events/session-tale.ts";
import { SessionTeller } from "../../events/session-teller.ts";
import type { Failpoints } from "../../failpoints.ts";
import type { Logger } from "../../log.ts";
import type { ReleaseStack } from "../../release-stack.ts";
import { readEventLog } from "../../scheduler/event-log.ts";

export interface EventFeedOptions {
  readonly stateDirectory: string;
  /** Wall clock, in milliseconds since the epoch. */
  readonly now: () => number;
  /** As `daemon.events_keep` says now. */
  readonly keepMs: () => number;
  /** See `TaleHost.otherFiles`. */
  readonly otherFiles: (feed: DurableFeed, record: ObservedRecord) => OtherFiles | undefined;
  readonly failpoints: Failpoints;
  readonly log: Logger;
  readonly resources: ReleaseStack;
}

/** One daemon's. */
export interface EventFeedParts {
  readonly feed: DurableFeed;
  readonly sessions: SessionTeller;
  readonly schedules: ScheduleTeller;
  readonly daemon: DaemonTeller;
  /** Where schedules write down what happens to them. */
  readonly schedulesPath: string;
}

/**
 * Opens the feed, and makes good what schedules have not told. Sessions do that when they are found again.
 *
 * @throws AgentdError `state_unusable`.
 */
export async function openEventFeed(options: EventFeedOptions): Promise<EventFeedParts> {
  const { stateDirectory, now, keepMs, failpoints, log, resources } = options;
  const feed = await openFeed({ directory: join(stateDirectory, "events"), now, keepMs, failpoints });
  resources.defer("feed of events", () => feed.close());
  const debts = new Debts(log);
  resources.defer("events that are owed", () => debts.close());
  const sessions = new SessionTeller({
    ...{ feed, debts, failpoints, now },
    readJournal: async (directory) => (await readJournal(recordPaths(directory).journal)).entries,
    syncJournal: (directory) => syncFile(recordPaths(directory).journal),
    otherFiles: (record) => options.otherFiles(feed, record),
  });
  resources.defer("looks at files of sessions", async () => sessions.close());
  const schedulesPath = join(stateDirectory, "schedules.jsonl");
  const schedules = new ScheduleTeller({ feed, debts, readLines: () => readEventLog(schedulesPath) });
  await schedules.begin();
  return { feed, sessions, schedules, daemon: new DaemonTeller(feed, debts, now), schedulesPath };
}
