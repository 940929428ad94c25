/** The methods for sessions whose command runs. */
import { stat } from "node:fs/promises";
import type { Handlers } from "../api/handlers.ts";
import { MAX_PROCESSES, type SessionStats } from "../api/live-methods.ts";
import { ifThere } from "../if-there.ts";
import { inParallel } from "../in-parallel.ts";
import { storageEnvironment } from "../podman/service/service-environment.ts";
import type { SessionView } from "../session-document.ts";
import type { Intake } from "../sessions/intake.ts";
import type { Hands } from "../sessions/run/hands.ts";
import { notRunning } from "../sessions/run/not-running.ts";
import type { Session } from "../sessions/session.ts";
import type { LiveLlm } from "./live-llm.ts";
import type { SessionDirectory } from "./session-directory.ts";

export type LiveHandlers = Pick<Handlers, "exec" | "pause" | "resume" | "top" | "stats">;

export interface LiveHandlersHost {
  readonly intake: Pick<Intake, "get" | "openSessions">;
  readonly sessions: Pick<SessionDirectory, "resolve" | "view">;
  readonly liveLlm: Pick<LiveLlm, "addTo">;
  /** Milliseconds of a clock that is never set. */
  readonly monotonic: () => number;
  /** The daemon's own. */
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** Of a service that agentd does not run; undefined: it runs its own. */
  readonly podmanSocket: string | undefined;
}

/** How many sessions are asked for at once what they use. */
const AT_ONCE = 16;

export function liveHandlers(host: LiveHandlersHost): LiveHandlers {
  const { intake, sessions, environment, podmanSocket } = host;
  /** @throws AgentdError `session_not_running` for a sealed one. */
  const handsOf = async (named: string, tried: string): Promise<{ id: string; hands: Hands }> => {
    const id = await sessions.resolve(named);
    const hands = intake.get(id)?.hands;
    if (hands === undefined) throw notRunning(tried, id, "sealed");
    return { id, hands };
  };
  return {
    exec: async ({ session, ...request }) => {
      const { id, hands } = await handsOf(session, "start a command in the session");
      const { ref, argv } = await hands.exec(request);
      return {
        session_id: id,
        container: ref,
        argv: [...argv],
        podman_socket: podmanSocket ?? null,
        podman_environment: storageEnvironment(environment),
      };
    },
    pause: async ({ session }) => {
      const { id, hands } = await handsOf(session, "pause session");
      await hands.pause();
      return await sessions.view(id);
    },
    resume: async ({ session }) => {
      const { id, hands } = await handsOf(session, "resume session");
      await hands.resume();
      return await sessions.view(id);
    },
    top: async ({ session }) => {
      const tried = "show the processes of session";
      const { id, hands } = await handsOf(session, tried);
      const usage = await hands.usage();
      if (usage === undefined) throw notRunning(tried, id, intake.get(id)?.view().state ?? "sealed");
      const processes = usage.processes.slice(0, MAX_PROCESSES).map((each) => ({
        pid: each.pid,
        host_pid: each.hostPid,
        state: each.state,
        threads: each.threads,
        cpu_seconds: each.cpuSeconds,
        memory_bytes: each.memoryBytes,
        age_seconds: each.ageSeconds,
        command: each.command,
      }));
      return { session_id: id, processes, total: usage.processes.length };
    },
    stats: async ({ sessions: named }) => {
      const ids = named && new Set(await Promise.all(named.map((name) => sessions.resolve(name))));
      const wanted = intake.openSessions.filter(({ id }) => ids?.has(id) ?? true);
      const shown = await inParallel(wanted, AT_ONCE, async (session) => {
        const [view = session.view()] = await host.liveLlm.addTo([session.view()]);
        return await statsOf(session, view);
      });
      return { sampled_ms: host.monotonic(), sessions: shown.reverse() };
    },
  };
}

async function statsOf(session: Session, view: SessionView): Promise<SessionStats> {
  const { memoryBytes, pids, diskBytes } = session.limits;
  // An engine that does not answer hides no session.
  const usage = await session.hands.usage().catch(() => undefined);
  const output = await ifThere(stat(session.record.consoleLogPath));
  return {
    session_id: view.session_id,
    profile: view.profile,
    state: view.state,
    cpu_seconds: usage?.cpuSeconds ?? null,
    memory_bytes: usage?.memoryBytes ?? null,
    pids: usage?.pids ?? null,
    memory_limit_bytes: memoryBytes ?? null,
    pids_limit: pids,
    disk_bytes: session.hands.diskBytes ?? null,
    disk_limit_bytes: diskBytes ?? null,
    llm: view.llm,
    last_output_timestamp: output === undefined || output.size === 0 ? null : output.mtime.toISOString(),
  };
}
