import { copyFile, rm } from "node:fs/promises";
import { join } from "node:path";
import { readDocument } from "../audit/read/query.ts";
import { ensureDirectory } from "../durable-files.ts";
import { AgentdError, sentence } from "../errors.ts";
import { ifThere } from "../if-there.ts";
import { PlacedRuns } from "../placement/placed-runs.ts";
import type {
  CommandEnd,
  CommandOfJob,
  Examined,
  Executor,
  ExportedWork,
  ExportOptions,
  Found,
  HandOver,
  Job,
  JobActivity,
  Peaks,
  Prepared,
  Preparing,
  Sweeping,
} from "../sessions/port/executor.ts";
import { inStage, LaunchError } from "../sessions/port/launch-stage.ts";
import type { DiskUse, Usage } from "../sessions/port/live-job.ts";
import type { ClosedNetwork, NetworkOfJob } from "../sessions/port/session-network.ts";
import { collectNodeRecord, copyTree } from "./collect.ts";
import { doing } from "./doing.ts";
import { type KeptRun, KeptRuns } from "./kept-runs.ts";
import { runOf } from "./plan-of.ts";
import type { PlacedParts } from "./ports.ts";
import { toldBy } from "./told.ts";
import { type Watch, Watches } from "./watches.ts";

const REF = "placed/";
const ANSWER_MS = 30_000;
/** The engine is not asked more often, however many sessions wait. */
const ENGINE_MS = 5_000;
const NOTHING_DONE: JobActivity = { cpuSeconds: undefined, llm: undefined };

/** Whether a ref is of a session on another machine. */
export function isPlacedRef(ref: string): boolean {
  return ref.startsWith(REF);
}

/** Runs sessions on other machines: an engine starts a runner there, and the channel does everything else. */
export class PlacedExecutor implements Omit<Executor, "kept" | "publishWork"> {
  readonly #parts: PlacedParts;
  readonly #kept: KeptRuns;
  readonly #watches: Watches;
  readonly #runs: () => Promise<PlacedRuns>;
  /** By session: what its node's record says. */
  readonly #told = new Map<string, Promise<CommandEnd>>();

  constructor(parts: PlacedParts) {
    this.#parts = parts;
    this.#kept = new KeptRuns(join(parts.directory, "runs"));
    let runs: PlacedRuns | undefined;
    this.#runs = async () => {
      const { head, address, placement, channel, monotonic } = parts;
      // Another channel in its place has the same certificate, which is on disk.
      const fingerprint = runs === undefined ? await channel.fingerprint() : "";
      runs ??= new PlacedRuns({
        ...{ placement, channel, head, address, fingerprint, monotonic, engineMs: ENGINE_MS },
        ...{ onStep: this.#watches.onStep, onSeen: this.#watches.onSeen },
      });
      return runs;
    };
    this.#watches = new Watches({
      ...{ runs: this.#runs, monotonic: parts.monotonic, log: parts.log },
      onTrouble: (why) => (this.trouble = why),
    });
  }

  /** Why sessions cannot be looked at now; undefined when nothing is wrong. */
  trouble: string | undefined;

  /** Leaves all sessions to the next daemon. @returns whether there are any. */
  async close(): Promise<boolean> {
    await this.#watches.close();
    return (await this.#kept.list()).length > 0;
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
      const run = (await this.#kept.read(sessionId)) ?? (await runOf(job, this.#parts));
      await this.#kept.write(run);
      await failpoints.reach("placement_noted");
      return await this.#watch(run, values, preparing);
    });
    await this.#handedOver(watch, preparing);
    return { ref, begin: ({ onFirstByte }) => onFirstByte() };
  }

  async wait(ref: string, { signal }: { readonly signal: AbortSignal }): Promise<CommandEnd> {
    const sessionId = ref.slice(REF.length);
    const watch = await this.#found(sessionId);
    await untilAborted(watch.ended, signal);
    return await untilAborted(this.#endOf(watch), signal);
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
    const run = await this.#kept.read(sessionId);
    const graceMs = name === "SIGKILL" ? 0 : (run?.graceMs ?? 0);
    await this.#stop(await this.#found(sessionId), graceMs);
    if (name === "SIGKILL") this.#watches.get(sessionId)?.kill();
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
    const run = await this.#kept.read(sessionId);
    const document = run && (await readDocument(run.node).catch(() => undefined));
    if (run === undefined || document === undefined) return undefined;
    if (document.egress === null && document.llm === null) return undefined;
    await ifThere(copyFile(join(run.node, "agentd", "egress.jsonl"), egressPath));
    return { egress: document.egress, llm: document.llm, warnings: [] };
  }

  async endProcesses({ sessionId, profile }: CommandOfJob): Promise<void> {
    const run = await this.#kept.read(sessionId);
    if (run === undefined) return;
    const watch = await this.#watch(run, "");
    if (!(await this.#takeBack(sessionId))) {
      if (!watch.isOver) {
        await this.#stop(watch, profile.graceMs);
        watch.kill();
      }
      // What it says is in the record, also of a session that was ordered to end.
      await watch.ended;
      await this.#endOf(watch);
    }
    await ifThere(copyFile(this.#parts.claimsOf(sessionId), run.claims));
  }

  async exportWork(
    { sessionId }: Pick<Job, "sessionId">,
    { directory, artifactsDirectory }: ExportOptions,
  ): Promise<ExportedWork> {
    const run = await this.#kept.read(sessionId);
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
    if ((await this.#kept.read(sessionId)) === undefined) return;
    await this.endProcesses(job);
    await this.#forget(sessionId);
  }

  async list(): Promise<Found[]> {
    const sessions = await this.#kept.list();
    return sessions.map((sessionId) => ({ sessionId, ref: `${REF}${sessionId}`, phase: "running" }));
  }

  async examine(found: Found): Promise<Examined> {
    return Promise.resolve({ ...found, end: undefined, hadCredentials: true });
  }

  async sweep({ owners }: Sweeping): Promise<void> {
    for (const sessionId of await this.#kept.list()) {
      if (owners.has(sessionId)) continue;
      this.#parts.log.warn({ session: sessionId }, "removed what was left of a placed session");
      await this.#forget(sessionId);
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
    const told = await this.#endOf(watch);
    if (told.kind !== "told" || told.ending.outcome !== "launch_failed") return;
    await preparing.found("node_record", { ...told.fields, warnings: told.warnings }, told.fields);
    throw new LaunchError(told.ending.stage ?? "placement", new Error(told.ending.cause ?? "on its node"));
  }

  async #found(sessionId: string): Promise<Watch> {
    const known = this.#watches.get(sessionId);
    if (known !== undefined) return known;
    const run = await this.#kept.read(sessionId);
    if (run === undefined) throw new Error(`nothing is known of the placed session ${sessionId}`);
    // Its command has its credentials.
    return await this.#watch(run, "");
  }

  async #watch(run: KeptRun, credentials: string, preparing?: Preparing): Promise<Watch> {
    const known = this.#watches.get(run.session);
    if (known !== undefined) return known;
    await ensureDirectory(join(this.#parts.directory, "records"), 0o700);
    const { memoryBytes, cpus, timeMs } = run.limits;
    return await this.#watches.add(
      {
        ...{ sessionId: run.session, limits: { memoryBytes, cpus, timeMs }, plan: run.plan, credentials },
        console: { path: run.console, most_bytes: run.mostLogBytes },
        record: { path: this.#archive(run.session), most_bytes: run.mostRecordBytes },
      },
      preparing === undefined
        ? undefined
        : ({ step, job, why }) => {
            const line = preparing.found(`job_${step}`, { job, ...(why === undefined ? {} : { why }) });
            line.catch((error: unknown) => this.#parts.log.warn({ error }, "cannot journal a job"));
          },
    );
  }

  /** Once for each session: its record is verified and kept, or it is lost. */
  async #endOf(watch: Watch): Promise<CommandEnd> {
    const { sessionId } = watch;
    const known = this.#told.get(sessionId) ?? this.#readEnd(watch);
    this.#told.set(sessionId, known);
    known.catch(() => this.#told.delete(sessionId));
    return await known;
  }

  async #readEnd(watch: Watch): Promise<CommandEnd> {
    const end = await watch.ended;
    if (end.kind !== "collected") return { kind: "lost", why: end.why };
    const { failpoints, log } = this.#parts;
    const run = await this.#kept.read(watch.sessionId);
    const { claim } = end.status;
    if (run === undefined || claim === null) return { kind: "lost", why: "nothing is known of its node" };
    await failpoints.reach("placement_collected");
    try {
      const archive = this.#archive(run.session);
      const record = await collectNodeRecord({ run, archive, sealKey: claim.seal_key });
      await failpoints.reach("node_record_kept");
      return toldBy(record, claim);
    } catch (error) {
      if (!(error instanceof AgentdError) || error.code !== "record_altered") throw error;
      log.error({ error, session: run.session }, "the node's record is refused");
      return { kind: "lost", why: `the record of its node was refused: ${error.why}` };
    }
  }

  async #stop({ sessionId }: Watch, graceMs: number): Promise<void> {
    await this.#parts.channel.call("stop", { session: sessionId, grace_ms: graceMs }, ANSWER_MS);
  }

  /** Whether no runner has claimed the session, and none of its jobs can any more. */
  async #takeBack(sessionId: string): Promise<boolean> {
    const { placement, channel, log } = this.#parts;
    const jobs = await this.#watches.between(async () => {
      const { sessions } = await channel.call("status", { sessions: [sessionId] }, ANSWER_MS);
      const request = { session: sessionId, only_unclaimed: true };
      if (!(await channel.call("close", request, ANSWER_MS)).closed) return undefined;
      await this.#watches.remove(sessionId);
      return sessions.flatMap((status) => status.jobs);
    });
    for (const job of jobs ?? []) {
      // One that the engine does not take back now ends by itself: it has no token.
      const signal = AbortSignal.timeout(ANSWER_MS);
      await placement
        .cancel(job, { graceMs: 0, signal })
        .catch((error: unknown) =>
          log.warn({ error: sentence(error), job: job.name }, "cannot cancel a job"),
        );
    }
    return jobs !== undefined;
  }

  async #forget(sessionId: string): Promise<void> {
    await this.#parts.channel.call("close", { session: sessionId, only_unclaimed: false }, ANSWER_MS);
    await this.#watches.remove(sessionId);
    this.#told.delete(sessionId);
    await rm(this.#archive(sessionId), { force: true });
    await rm(this.#parts.claimsOf(sessionId), { force: true });
    await this.#kept.remove(sessionId);
  }

  #archive(sessionId: string): string {
    return join(this.#parts.directory, "records", sessionId);
  }
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
