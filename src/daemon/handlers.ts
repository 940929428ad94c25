import type { Handlers } from "../api/handlers.ts";
import type { Params, Status } from "../api/methods.ts";
import type { DaemonTeller } from "../events/daemon-teller.ts";
import { profileView } from "../profile/view.ts";
import type { ShownState } from "../session-document.ts";
import type { Intake, RunRequest } from "../sessions/intake.ts";
import type { CurrentConfig } from "./configuration/current-config.ts";
import type { EventSinks } from "./event-sinks.ts";
import type { KeptHandlers } from "./kept-handlers.ts";
import type { LiveHandlers } from "./live-handlers.ts";
import type { LiveLlm } from "./live-llm.ts";
import type { Notifications } from "./notifications.ts";
import { rerunRequest } from "./rerun.ts";
import type { ScheduleHandlers } from "./schedule-handlers.ts";
import type { ListFilter, SessionDirectory } from "./session-directory.ts";
import type { SessionRedaction } from "./session-redaction.ts";

/** The part of the status that does not change while the daemon runs. */
export type FixedStatus = Omit<
  Status,
  | "state"
  | "config_file"
  | "config_loaded_timestamp"
  | "changed_files"
  | "max_sessions"
  | "memory_budget_bytes"
  | "sessions"
  | "incomplete"
  | "kept"
  | "warm"
  | "gateway"
  | "notify"
  | "sinks"
  | "engine"
>;

/** What the methods of the wire work on. */
export interface HandlerHost {
  readonly intake: Intake;
  readonly sessions: SessionDirectory;
  readonly status: FixedStatus;
  readonly engineStatus: () => Status["engine"];
  /** See `gatewayStatus`; default: there is none. */
  readonly gatewayStatus?: (() => Promise<Status["gateway"]>) | undefined;
  /** Default: nobody is told anything. */
  readonly notifications?: Pick<Notifications, "states" | "test"> | undefined;
  /** Default: nobody hears it. */
  readonly tell?: DaemonTeller["tell"] | undefined;
  /** Default: there are none. */
  readonly sinks?: Pick<EventSinks, "states"> | undefined;
  /** Default: no session uses language models. */
  readonly liveLlm?: Pick<LiveLlm, "addTo"> | undefined;
  /** Default: nobody keeps any. */
  readonly redaction?: Pick<SessionRedaction, "fingerprints"> | undefined;
  /** What is done to sessions whose command runs. */
  readonly live: LiveHandlers;
  /** What is done to sessions that are kept. */
  readonly kept: KeptHandlers;
  readonly keptSum: () => Status["kept"];
  /** Default: none waits. */
  readonly warm?: (() => Promise<Status["warm"]>) | undefined;
  readonly current: CurrentConfig;
  readonly upload: Handlers["upload"];
  /** See `recordReading`. */
  readonly reading: Pick<Handlers, "log" | "file">;
  /** What a run asks of the intake. */
  readonly runRequest: (params: Params<"run">) => RunRequest;
  readonly schedules: ScheduleHandlers;
  readonly events: Handlers["events"];
  /** See `nodesHandler`; default: all sessions run on this host. */
  readonly nodes?: Handlers["nodes"] | undefined;
  readonly reload: () => ReturnType<Handlers["reload"]>;
  /** See `hostHealth`. */
  readonly health: () => ReturnType<Handlers["health"]>;
  /** See `LoadedFiles.changed`. */
  readonly changedFiles: () => Promise<string[]>;
}

/** Binds every method of the wire to its implementation. */
export function createHandlers({ intake, sessions, current, ...host }: HandlerHost): Handlers {
  const live: LiveLlm["addTo"] = async (views) => (await host.liveLlm?.addTo(views)) ?? [...views];
  return {
    ...host.live,
    ...host.kept,
    ...host.schedules,
    ...host.reading,
    upload: host.upload,
    run: async (params) => await sessions.view(await intake.accept(host.runRequest(params))),
    rerun: async (params) => {
      const earlier = await sessions.view(await sessions.resolve(params.session));
      return await sessions.view(await intake.accept(rerunRequest(params, earlier)));
    },
    list: async ({ all, ...params }, { signal }) => {
      const filter = listFilter(params);
      const list = all ? await sessions.all(filter, signal) : sessions.open(filter);
      return { ...list, sessions: await live(list.sessions) };
    },
    show: async ({ session }) => {
      const view = await sessions.view(await sessions.resolve(session));
      const [now = view] = await live([view]);
      return now;
    },
    wait: async ({ session }, { signal }) => await sessions.sealed(await sessions.resolve(session), signal),
    watch: async ({ session, look }, { signal }) =>
      await sessions.watch(await sessions.resolve(session), look, signal),
    stop: async ({ session, grace_ms: graceMs }) => {
      const id = await sessions.resolve(session);
      await intake.get(id)?.stop(graceMs);
      return await sessions.view(id);
    },
    fingerprints: async ({ session }) => {
      const found = await host.redaction?.fingerprints(await sessions.resolve(session));
      return { fingerprints: found === undefined ? null : { ...found } };
    },
    profiles: () => Promise.resolve(current.config.profiles.map(profileView)),
    events: host.events,
    nodes: host.nodes ?? (() => Promise.resolve({ engine: null, trouble: null, nodes: [] })),
    reload: () => host.reload(),
    health: () => host.health(),
    notify_test: async ({ name }) => {
      if (host.notifications === undefined) throw new TypeError("nobody sends notifications");
      return await host.notifications.test(name);
    },
    webhook_refused: ({ profile, name, delivery = null, event = null, why }) => {
      host.tell?.("webhook.refused", { name, delivery, event, why }, profile);
      return Promise.resolve({});
    },
    status: async () => ({
      ...host.status,
      state: intake.closed ? "draining" : "running",
      config_file: current.config.file,
      config_loaded_timestamp: current.loadedTimestamp,
      changed_files: await host.changedFiles(),
      max_sessions: current.config.daemon.maxSessions,
      memory_budget_bytes: current.config.daemon.memoryBudgetBytes ?? null,
      sessions: countStates(intake),
      kept: host.keptSum(),
      warm: (await host.warm?.()) ?? { waiting: 0, most: 0, memory_bytes: 0 },
      incomplete: intake.incomplete.map(({ id, reason }) => ({ session_id: id, reason })),
      gateway: (await host.gatewayStatus?.()) ?? null,
      notify: host.notifications?.states() ?? [],
      sinks: host.sinks?.states() ?? [],
      engine: host.engineStatus(),
    }),
  };
}

function listFilter(params: Omit<Params<"list">, "all">): ListFilter {
  const { limit, profile, failed = false, since_timestamp: since, until_timestamp: until } = params;
  const instant = (timestamp: string | undefined) =>
    timestamp === undefined ? undefined : Date.parse(timestamp);
  return { limit, profile, failed, sinceMs: instant(since), untilMs: instant(until) };
}

function countStates(intake: Intake): Status["sessions"] {
  const states = intake.openSessions.map((session) => session.view().state);
  const count = (state: ShownState): number => states.filter((each) => each === state).length;
  return {
    queued: count("queued"),
    preparing: count("preparing"),
    running: count("running"),
    paused: count("paused"),
    finishing: count("finishing"),
  };
}
