/** A real server on a real socket with handlers that need no engine: sessions end when the test says so. */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import type { Handlers } from "../../src/api/handlers.ts";
import {
  type MethodName,
  METHODS,
  type Reload,
  type SessionList,
  type Status,
} from "../../src/api/methods.ts";
import { AgentdError } from "../../src/errors.ts";
import { createLogger } from "../../src/log.ts";
import type { ProfileView } from "../../src/profile/view.ts";
import type { Patience } from "../../src/rpc/connection.ts";
import { RpcServer } from "../../src/rpc/server.ts";
import { acceptedDocument, type SessionView } from "../../src/session-document.ts";

export const IDENTITY = { version: "0.1.0", pid: process.pid, instance: "1a2b3c4d" };

/** A session just after it was accepted. */
export function view(fields: Partial<SessionView> = {}): SessionView {
  return {
    ...acceptedDocument({
      profile: "demo",
      repo_url: "https://example.org/demo.git",
      ref: null,
      work_unit: null,
      trigger: "manual",
      image: "localhost/demo",
      command: ["demo", "exec"],
      config_digest: "0".repeat(64),
      queued_timestamp: "2026-01-02T03:04:05.000Z",
    }),
    session_id: "0198f2a4c6e81234",
    state: "preparing",
    paused_timestamp: null,
    position: null,
    reason: null,
    kept: null,
    next_retry: null,
    record: "/nonexistent/record",
    ...fields,
  };
}

/** The same session, sealed after one and a half seconds with the given outcome. */
export function sealed(fields: Partial<SessionView> = {}): SessionView {
  return view({
    state: "sealed",
    start_timestamp: "2026-01-02T03:04:06.000Z",
    end_timestamp: "2026-01-02T03:04:07.500Z",
    outcome: "success",
    exit_code: 0,
    ...fields,
  });
}

/** What `list` answers when every record can be read. */
export function listed(...sessions: SessionView[]): Promise<SessionList> {
  return Promise.resolve({ sessions, unreadable: [], total: sessions.length });
}

export const STATUS: Status = {
  pid: 4711,
  version: "0.1.0",
  protocol: 1,
  instance: "1a2b3c4d",
  state: "running",
  started_timestamp: "2026-01-02T03:04:05.000Z",
  socket_path: "/run/user/1000/agentd/agentd.sock",
  state_directory: "/home/demo/.local/state/agentd",
  audit_root: "/home/demo/.local/state/tesserine/audit",
  config_file: "/home/demo/.config/agentd/agentd.toml",
  config_loaded_timestamp: "2026-01-02T03:04:05.000Z",
  changed_files: [],
  max_sessions: 2,
  memory_budget_bytes: null,
  sessions: { queued: 0, preparing: 1, running: 2, paused: 0, finishing: 0 },
  warm: { waiting: 1, most: 2, memory_bytes: 4 * 1024 ** 2 },
  kept: { sessions: 1, bytes: 3 * 1024 ** 2, max_bytes: 20 * 1024 ** 3 },
  incomplete: [{ session_id: "0198f2a4c6e81234", reason: "the container cannot be removed" }],
  gateway: {
    pid: 4712,
    memory_bytes: 45 * 1024 ** 2,
    sessions: 2,
    llm_sessions: 1,
    llm_requests_in_flight: 3,
  },
  notify: [
    {
      ...{ name: "phone", via: "ntfy", state: "failing", pending: 2, delivered_timestamp: null },
      ...{ failed_timestamp: "2026-01-02T03:04:05.000Z", why: "it answered with HTTP 503" },
    },
  ],
  sinks: [{ name: "/srv/log/events.jsonl", behind: 0, why: null }],
  engine: { version: "4.3.1", controllers: ["memory", "pids"], selinux: false, warnings: ["no cgroup v2"] },
};

/** A profile as the daemon shows it. */
export const PROFILE_VIEW: ProfileView = {
  name: "demo",
  agent: null,
  image: "localhost/demo",
  pull: "missing",
  command: ["demo", "exec"],
  repo: null,
  ref: null,
  workspace: "clone",
  directory: null,
  schedule: "0 3 * * *",
  schedules: ["issues"],
  webhooks: [],
  max_sessions: null,
  timeout_ms: 7_200_000,
  grace_ms: 10_000,
  placement: "local",
  network: "private",
  allow: [],
  memory_bytes: 2 * 1024 ** 3,
  disk_bytes: null,
  cpus: 0.5,
  pids: 2048,
  runtime: null,
  read_only_root: true,
  tmp_bytes: 1024 ** 3,
  shm_bytes: null,
  devices: [],
  cap_add: [],
  budget: null,
  publishes: false,
  credentials: ["GITHUB_TOKEN"],
};

const unknown = (session: string): Promise<never> =>
  Promise.reject(
    new AgentdError("unknown_session", {
      tried: `find session ${session}`,
      why: "there is none",
      next: "`agentd ps -a` lists them.",
      details: { session },
    }),
  );

export const RELOADED: Reload = {
  config_file: STATUS.config_file,
  loaded_timestamp: "2026-01-02T04:04:05.000Z",
  profiles_added: ["reviewer"],
  profiles_changed: [],
  profiles_removed: ["tester", "demo"],
  schedules_changed: ["reviewer"],
  settings_changed: ["daemon.max_sessions"],
  needs_restart: ["daemon.audit_root"],
  credentials_changed: ["SITE_TOKEN"],
};

/** Answers a `watch` by what `show` says, as often as that changes. */
function watchBy(show: Handlers["show"]): Handlers["watch"] {
  return async ({ session, look }, context) => {
    for (;;) {
      const shown = await show({ session }, context);
      const now = `${shown.state} ${shown.position ?? ""} ${(shown.reason ?? "").slice(0, 50)}`;
      if (now !== look) return { look: now, session: shown };
      await sleep(20, undefined, { signal: context.signal });
    }
  };
}

const HANDLERS: Omit<Handlers, "watch"> = {
  upload: () => Promise.resolve({}),
  rerun: ({ session }) => unknown(session),
  run: ({ profile, work_unit: workUnit }) => Promise.resolve(view({ profile, work_unit: workUnit ?? null })),
  list: () => listed(),
  show: ({ session }) => unknown(session),
  wait: (_params, { signal }) =>
    new Promise((_, reject) => {
      signal.addEventListener("abort", () => reject(signal.reason as Error));
    }),
  stop: ({ session }) => unknown(session),
  events: ({ after = 0 }) => Promise.resolve({ events: [], after, oldest: 1, latest: after }),
  notify_test: () => Promise.resolve({ delivered: false, why: "it answered with HTTP 503" }),
  // Of a session without credentials.
  fingerprints: () => Promise.resolve({ fingerprints: { version: 1, salt: "0".repeat(32), forms: [] } }),
  exec: ({ session }) => unknown(session),
  pause: ({ session }) => unknown(session),
  resume: ({ session }) => unknown(session),
  enter: ({ session }) => unknown(session),
  stay: () => Promise.resolve({}),
  leave: () => Promise.resolve({}),
  remove: ({ session }) => unknown(session),
  top: ({ session }) => unknown(session),
  log: ({ session }) => unknown(session),
  file: ({ session }) => unknown(session),
  stats: () => Promise.resolve({ sampled_ms: 0, sessions: [] }),
  profiles: () => Promise.resolve([]),
  schedule: () => Promise.resolve({ schedules: [], more: false, retries: [] }),
  schedule_pause: () => Promise.resolve({ schedules: [] }),
  schedule_resume: () => Promise.resolve({ schedules: [] }),
  schedule_skip: () => Promise.resolve({ schedules: [] }),
  schedule_fire: ({ profile }) => Promise.resolve(view({ profile, trigger: "schedule" })),
  reload: () => Promise.resolve(RELOADED),
  status: () => Promise.resolve(STATUS),
  webhook_refused: () => Promise.resolve({}),
  nodes: () => Promise.resolve({ engine: null, trouble: null, nodes: [] }),
  health: () => Promise.resolve({ missing: [] }),
};

export interface SmallDaemon {
  readonly path: string;
  readonly directory: string;
  /** The one that listens, or listened last. */
  readonly server: RpcServer;
  /** Lines of the daemon's log. */
  readonly log: readonly string[];
  /** Starts the next one in its place; `server` has to be closed. */
  readonly next: (handlers?: Partial<Handlers>) => Promise<void>;
  readonly stop: () => Promise<void>;
}

/** Starts one in a directory of its own; every result is checked against the method's schema. */
export async function startSmallDaemon(
  handlers: Partial<Handlers> = {},
  patience?: Patience,
): Promise<SmallDaemon> {
  const directory = await mkdtemp(join(tmpdir(), "agentd-rpc-"));
  const path = join(directory, "agentd.sock");
  const log: string[] = [];
  const listen = async (own: Partial<Handlers>): Promise<RpcServer> => {
    const server = new RpcServer({
      identity: IDENTITY,
      handlers: checked({ ...HANDLERS, watch: watchBy(own.show ?? HANDLERS.show), ...own }),
      log: createLogger({ write: (line) => void log.push(line) }, "warn"),
      uid: process.getuid?.() ?? 0,
      patience,
    });
    await server.listen(path);
    return server;
  };
  let server = await listen(handlers);
  return {
    path,
    directory,
    log,
    get server() {
      return server;
    },
    next: async (others = handlers) => {
      server = await listen(others);
    },
    stop: async () => {
      await server.close();
      await rm(directory, { recursive: true });
    },
  };
}

function checked(handlers: Handlers): Handlers {
  const entries = Object.entries(handlers) as [MethodName, (...args: unknown[]) => Promise<unknown>][];
  return Object.fromEntries(
    entries.map(([name, handle]) => [
      name,
      async (...args: unknown[]) => METHODS[name].result.parse(await handle(...args)),
    ]),
  ) as unknown as Handlers;
}
