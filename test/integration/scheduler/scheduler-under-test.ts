/** A scheduler on a real file and a real socket, with sessions and a clock that the test moves. */
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Handlers } from "../../../src/api/handlers.ts";
import { AgentdError } from "../../../src/errors.ts";
import { createLogger } from "../../../src/log.ts";
import { connect } from "../../../src/rpc/client.ts";
import { openEventLog } from "../../../src/scheduler/event-log.ts";
import type { ScheduleEvent } from "../../../src/scheduler/events.ts";
import { Scheduler } from "../../../src/scheduler/scheduler.ts";
import { type ScheduleSettings, schedulesOf } from "../../../src/scheduler/schedules-of.ts";
import { SessionsClient } from "../../../src/scheduler/sessions-client.ts";
import type { SessionView } from "../../../src/session-document.ts";
import { type SmallDaemon, startSmallDaemon, view } from "../../kit/small-daemon.ts";
import { until } from "../../kit/until.mjs";

const SETTINGS: ScheduleSettings = {
  profile: "demo",
  name: "default",
  expression: "0 * * * *",
  when: { cron: "0 * * * *" },
  timezone: "UTC",
  missed: "skip",
  catchupWindowMs: 86_400_000,
  overlap: "allow",
  jitterMs: 0,
};

/** What outlives a scheduler: its file, the sessions and the clock. */
export class World {
  readonly directory: string;
  readonly path: string;
  /** Accepted, the oldest first. */
  readonly sessions: SessionView[] = [];
  /** Done before a run is accepted; may throw. */
  beforeRun: () => void | Promise<void> = () => undefined;
  nowMs = Date.parse("2026-01-02T03:59:59.990Z");
  #daemon: SmallDaemon | undefined;
  readonly #requests = new Map<string, SessionView>();
  readonly #schedulers: Scheduler[] = [];
  #ends: (() => void)[] = [];

  private constructor(directory: string) {
    this.directory = directory;
    this.path = join(directory, "schedules.jsonl");
  }

  static async open(): Promise<World> {
    const world = new World(await mkdtemp(join(tmpdir(), "agentd-schedules-")));
    world.#daemon = await startSmallDaemon(world.#handlers());
    return world;
  }

  /** Starts a scheduler with a schedule for each of the settings, and one if there are none. */
  async start(...settings: readonly Partial<ScheduleSettings>[]): Promise<Scheduler> {
    const now = (): number => this.nowMs;
    const { events, states } = await openEventLog({ path: this.path, now });
    const path = this.#daemon!.path;
    const sessions = new SessionsClient(() => connect(path, { version: "1", timeoutMs: 60_000 }));
    const log = createLogger({ write: () => undefined }, "silent");
    const scheduler = new Scheduler({ now, events, states, sessions, log });
    const all = settings.length === 0 ? [{}] : settings;
    await scheduler.follow(schedulesOf(all.map((each) => ({ ...SETTINGS, ...each }))));
    scheduler.start();
    this.#schedulers.push(scheduler);
    return scheduler;
  }

  async close(): Promise<void> {
    for (const scheduler of this.#schedulers) await scheduler.stop();
    await this.#daemon?.stop();
    await rm(this.directory, { recursive: true });
  }

  /** The events that the file holds. */
  async events(): Promise<ScheduleEvent[]> {
    const lines = (await readFile(this.path, "utf8")).split("\n").slice(0, -1);
    return lines.map((line) => JSON.parse(line) as ScheduleEvent);
  }

  /** Waits until the file holds so many events of a kind; resolves with all. */
  async written(event: ScheduleEvent["event"], count: number): Promise<ScheduleEvent[]> {
    return await until(`event ${event} number ${count}`, async () => {
      const events = await this.events();
      return events.filter((each) => each.event === event).length >= count && events;
    });
  }

  /** All sessions end. */
  endSessions(): void {
    for (const session of this.sessions) Object.assign(session, { state: "sealed", outcome: "work_failed" });
    for (const end of this.#ends.splice(0)) end();
  }

  #handlers(): Partial<Handlers> {
    return {
      run: async ({ request_id: requestId, profile, ...params }) => {
        await this.beforeRun();
        const session =
          this.#requests.get(requestId) ??
          view({
            session_id: this.sessions.length.toString(16).padStart(16, "0"),
            profile,
            trigger: "schedule",
            state: "running",
            scheduled_timestamp: params.scheduled_timestamp ?? null,
            schedule_name: params.schedule_name ?? null,
            fire_id: params.fire_id ?? null,
            delay_ms: 0,
          });
        if (!this.#requests.has(requestId)) this.sessions.push(session);
        this.#requests.set(requestId, session);
        return session;
      },
      list: ({ all }) => {
        const listed = this.sessions.filter(({ state }) => all || state !== "sealed");
        return Promise.resolve({ sessions: listed.reverse(), unreadable: [], total: listed.length });
      },
      wait: async ({ session: id }, { signal }) => {
        const session = this.sessions.find(({ session_id }) => session_id === id)!;
        if (session.state !== "sealed") {
          await new Promise<void>((resolve, reject) => {
            this.#ends.push(resolve);
            signal.addEventListener("abort", () => reject(signal.reason as Error));
          });
        }
        return session;
      },
    };
  }

  /** Requests are forgotten, as those of ended sessions are by a daemon that starts. */
  forgetRequests(): void {
    this.#requests.clear();
  }
}

export function stopping(): AgentdError {
  return new AgentdError("daemon_stopping", { tried: "run a session", why: "the daemon is shutting down" });
}
