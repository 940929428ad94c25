import { copyFile } from "node:fs/promises";
import { join } from "node:path";
import { readDocument } from "../audit/read/query.ts";
import { AgentdError } from "../errors.ts";
import { ifThere } from "../if-there.ts";
import type { PlacedStep } from "../placement/placed-runs.ts";
import type { EngineNode } from "../placement/placement.ts";
import type {
  CommandEnd,
  CommandOfJob,
  Examined,
  Executor,
  Found,
  FoundOut,
  HandOver,
  Job,
  JobActivity,
  Peaks,
  Prepared,
  Preparing,
  Sweeping,
} from "../sessions/port/executor.ts";
import type { ExportedWork, ExportOptions } from "../sessions/port/export.ts";
import { inStage, LaunchError } from "../sessions/port/launch-stage.ts";
import type { DiskUse, Usage } from "../sessions/port/live-job.ts";
import type { ClosedNetwork, NetworkOfJob } from "../sessions/port/session-network.ts";
import { copyTree } from "./collect.ts";
import { doing } from "./doing.ts";
import { Placements } from "./placements.ts";
import { runOf } from "./plan-of.ts";
import type { PlacedParts } from "./ports.ts";
import type { Watch } from "./watches.ts";

const REF = "placed/";
const NOTHING_DONE: JobActivity = { cpuSeconds: undefined, llm: undefined };

/** Whether a ref is of a session on another machine. */
export function isPlacedRef(ref: string): boolean {
  return ref.startsWith(REF);
}

/** Runs sessions on other machines: an engine starts a runner there, and the channel does everything else. */
export class PlacedExecutor implements Omit<Executor, "kept" | "foresee" | "publishWork" | "releaseWork"> {
  readonly #parts: PlacedParts;
  readonly #placements: Placements;

  constructor(parts: PlacedParts) {
    this.#parts = parts;
    this.#placements = new Placements(parts);
  }

  /** Why sessions cannot be looked at now; undefined when nothing is wrong. */
  get trouble(): string | undefined {
    return this.#placements.trouble;
  }

  /** Leaves all sessions to the next daemon. @returns whether there are any. */
  async close(): Promise<boolean> {
    await this.#placements.close();
    return (await this.#placements.kept.list()).length > 0;
  }

  /** What the engine has. @throws AgentdError `placement_unknown`. */
  async engineNodes(signal: AbortSignal): Promise<readonly EngineNode[]> {
    return await this.#parts.placement.nodes({ signal });
  }

  /** The node of an open session; undefined while none has it. */
  nodeOf(sessionId: string): string | undefined {
    return this.#placements.get(sessionId)?.seen?.status?.claim?.node;
  }

  async prepare(job: Job, preparing: Preparing): Promise<Prepared> {
    const { credentials, failpoints } = this.#parts;
    const { sessionId, profile } = job;
    const ref = `${REF}${sessionId}`;
    const values = await inStage("credentials", async () => {
      const variables = credentials.valuesOf(profile);
      await credentials.remember({ sessionId, profile });
      return JSON.stringify({ variables });
    });
    const watch = await inStage("placement", async () => {
      const run = (await this.#placements.kept.read(sessionId)) ?? (await runOf(job, this.#parts));
      await this.#placements.kept.write(run);
      await failpoints.reach("placement_noted");
      return await this.#placements.watch(run, values, journaling(preparing, this.#parts.log));
    });
    await this.#handedOver(watch, preparing);
    return { ref, begin: ({ onFirstByte }) => onFirstByte() };
  }

  async wait(ref: string, { signal }: { readonly signal: AbortSignal }): Promise<CommandEnd> {
    const sessionId = ref.slice(REF.length);
    const watch = await this.#placements.find(sessionId);
    await untilAborted(watch.ended, signal);
    return await untilAborted(this.#placements.endOf(watch), signal);
  }

  async peaks(_ref: string, { signal }: { readonly signal: AbortSignal }): Promise<Peaks> {
    await new Promise<void>((resolve) => {
      if (signal.aborted) resolve();
      else signal.addEventListener("abort", () => resolve(), { once: true });
    });
    return {};
  }

  activity(): Promise<JobActivity> {
    return Promise.resolve(NOTHING_DONE);
  }

  async signal(ref: string, name: "SIGTERM" | "SIGKILL"): Promise<void> {
    const sessionId = ref.slice(REF.length);
    const run = await this.#placements.kept.read(sessionId);
    const graceMs = name === "SIGKILL" ? 0 : (run?.graceMs ?? 0);
    const watch = await this.#placements.find(sessionId);
    await this.#placements.stop(watch, graceMs);
    if (name === "SIGKILL") watch.kill();
  }

  async adopt(): Promise<HandOver> {
    return Promise.resolve("found");
  }

  async followNetwork(): Promise<void> {
    return Promise.resolve();
  }

  async reasonOfFailure(): Promise<undefined> {
    return Promise.resolve(undefined);
  }

  async closeNetwork({ sessionId, egressPath }: NetworkOfJob): Promise<ClosedNetwork | undefined> {
    const run = await this.#placements.kept.read(sessionId);
    const document = run && (await readDocument(run.node).catch(() => undefined));
    if (run === undefined || document === undefined) return undefined;
    if (document.egress === null && document.llm === null) return undefined;
    await ifThere(copyFile(join(run.node, "agentd", "egress.jsonl"), egressPath));
    return { egress: document.egress, llm: document.llm, warnings: [] };
  }

  async endProcesses({ sessionId, profile }: CommandOfJob): Promise<FoundOut | undefined> {
    const run = await this.#placements.kept.read(sessionId);
    if (run === undefined) return undefined;
    const watch = await this.#placements.watch(run, "");
    let end: CommandEnd | undefined;
    if (!(await this.#placements.takeBack(sessionId))) {
      if (!watch.isOver) {
        await this.#placements.stop(watch, profile.graceMs);
        watch.kill();
      }
      // What it says is in the record, also of a session that was ordered to end.
      await watch.ended;
      end = await this.#placements.endOf(watch);
    }
    await this.#placements.keepClaims(run);
    return end?.kind === "told" ? end : undefined;
  }

  async exportWork(
    { sessionId }: Pick<Job, "sessionId">,
    { directory, artifactsDirectory }: ExportOptions,
  ): Promise<ExportedWork> {
    const run = await this.#placements.kept.read(sessionId);
    if (run === undefined) throw new Error("nothing is known of its node any more");
    const document = await readDocument(run.node).catch((error: unknown) => {
      throw new Error("no record has come from its node", { cause: error });
    });
    if (document.work === null) throw new Error("it was not exported on its node");
    await copyTree(join(run.node, "work"), directory);
    await copyTree(join(run.node, "artifacts"), artifactsDirectory);
    return { work: document.work, artifacts: document.artifacts, warnings: [] };
  }

  async release(job: CommandOfJob): Promise<void> {
    const { sessionId } = job;
    if ((await this.#placements.kept.read(sessionId)) === undefined) return;
    await this.endProcesses(job);
    await this.#placements.forget(sessionId);
  }

  async list(): Promise<Found[]> {
    const sessions = await this.#placements.kept.list();
    return sessions.map((sessionId) => ({ sessionId, ref: `${REF}${sessionId}`, phase: "running" }));
  }

  async examine(found: Found): Promise<Examined> {
    return Promise.resolve({ ...found, end: undefined, hadCredentials: true });
  }

  async sweep({ owners }: Sweeping): Promise<void> {
    for (const sessionId of await this.#placements.kept.list()) {
      if (owners.has(sessionId)) continue;
      this.#parts.log.warn({ session: sessionId }, "removed what was left of a placed session");
      await this.#placements.forget(sessionId);
    }
  }

  async exec(): Promise<readonly string[]> {
    return Promise.reject(elsewhere("start a command in the session"));
  }

  async pause(): Promise<void> {
    return Promise.reject(elsewhere("pause the session"));
  }

  async resume(): Promise<void> {
    return Promise.resolve();
  }

  async usage(): Promise<Usage | undefined> {
    return Promise.resolve(undefined);
  }

  async diskUse(): Promise<DiskUse> {
    return Promise.reject(elsewhere("measure the session"));
  }

  /** Waits until its command has its credentials, or has ended without. */
  async #handedOver(watch: Watch, preparing: Preparing): Promise<void> {
    const { signal } = preparing;
    const waiting = async (say: (activity: string) => void): Promise<void> => {
      for (let isClaimed = false; ;) {
        const status = watch.seen?.status;
        say(doing(watch.seen));
        if (!isClaimed && status !== undefined && status.claim !== null) {
          isClaimed = true;
          const { node, job, boot_id } = status.claim;
          await preparing.found("placed", { job, node, boot_id });
          await this.#parts.failpoints.reach("placement_claimed");
        }
        if (status?.is_handed_over === true || watch.isOver) return;
        await untilAborted(Promise.race([watch.changed(), watch.ended]), signal);
      }
    };
    await preparing.during("being placed on another machine", waiting);
    if (!watch.isOver) return;
    const end = await untilAborted(watch.ended, signal);
    if (end.kind !== "collected") throw new LaunchError("placement", new Error(end.why));
    const told = await this.#placements.endOf(watch);
    if (told.kind !== "told" || told.ending.outcome !== "launch_failed") return;
    await preparing.found("node_record", { ...told.fields, warnings: told.warnings }, told.fields);
    throw new LaunchError(told.ending.stage ?? "placement", new Error(told.ending.cause ?? "on its node"));
  }
}

/** Journals what is done about a session. */
function journaling(preparing: Preparing, log: PlacedParts["log"]): (step: PlacedStep) => void {
  return ({ step, job, why }) => {
    const line = preparing.found(`job_${step}`, { job, ...(why === undefined ? {} : { why }) });
    line.catch((error: unknown) => log.warn({ error }, "cannot journal a job"));
  };
}

async function untilAborted<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  signal.throwIfAborted();
  const over = new AbortController();
  const aborted = new Promise<never>((_resolve, reject) => {
    signal.addEventListener("abort", () => reject(signal.reason as Error), { signal: over.signal });
  });
  try {
    return await Promise.race([work, aborted]);
  } finally {
    over.abort();
  }
}

function elsewhere(tried: string): AgentdError {
  return new AgentdError("session_elsewhere", {
    tried,
    why: "it runs on another machine",
    next: "Follow it with `agentd logs -f`, or end it with `agentd stop`.",
  });
}
