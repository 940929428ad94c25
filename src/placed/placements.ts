/** The sessions that this daemon, or an earlier one, has placed: on disk, in the channel, and as they are watched. */
import { copyFile, rm } from "node:fs/promises";
import { join } from "node:path";
import { ensureDirectory } from "../durable-files.ts";
import { AgentdError, sentence } from "../errors.ts";
import { ifThere } from "../if-there.ts";
import { PlacedRuns, type PlacedStep } from "../placement/placed-runs.ts";
import type { CommandEnd } from "../sessions/port/executor.ts";
import { collectNodeRecord } from "./collect.ts";
import { type KeptRun, KeptRuns } from "./kept-runs.ts";
import type { PlacedParts } from "./ports.ts";
import { toldBy } from "./told.ts";
import { type Watch, Watches } from "./watches.ts";

const ANSWER_MS = 30_000;
/** The engine is not asked more often, however many sessions wait. */
const ENGINE_MS = 5_000;

export class Placements {
  readonly kept: KeptRuns;
  /** Why sessions cannot be looked at now; undefined when nothing is wrong. */
  trouble: string | undefined;
  readonly #parts: PlacedParts;
  readonly #watches: Watches;
  /** By session: how it has ended. */
  readonly #ends = new Map<string, Promise<CommandEnd>>();
  #runs: PlacedRuns | undefined;

  constructor(parts: PlacedParts) {
    this.#parts = parts;
    this.kept = new KeptRuns(join(parts.directory, "runs"));
    this.#watches = new Watches({
      ...{ runs: () => this.#placedRuns(), monotonic: parts.monotonic, log: parts.log },
      onTrouble: (why) => (this.trouble = why),
    });
  }

  /** Leaves all sessions to the next daemon. */
  async close(): Promise<void> {
    await this.#watches.close();
  }

  /** Undefined when it is not watched. */
  get(sessionId: string): Watch | undefined {
    return this.#watches.get(sessionId);
  }

  /** The watch of a session whose command has its credentials. @throws Error when nothing is known of it. */
  async find(sessionId: string): Promise<Watch> {
    const known = this.#watches.get(sessionId);
    if (known !== undefined) return known;
    const run = await this.kept.read(sessionId);
    if (run === undefined) throw new Error(`nothing is known of the placed session ${sessionId}`);
    return await this.watch(run, "");
  }

  /** Places a session, or goes on with it. @param onStep told what is done about it. */
  async watch(run: KeptRun, credentials: string, onStep?: (step: PlacedStep) => void): Promise<Watch> {
    const known = this.#watches.get(run.session);
    if (known !== undefined) return known;
    await ensureDirectory(join(this.#parts.directory, "records"), 0o700);
    const { memoryBytes, cpus, timeMs } = run.limits;
    const placed = {
      ...{ sessionId: run.session, limits: { memoryBytes, cpus, timeMs }, plan: run.plan, credentials },
      graceMs: run.graceMs,
      console: { path: run.console, most_bytes: run.mostLogBytes },
      record: { path: this.#archive(run.session), most_bytes: run.mostRecordBytes },
    };
    return await this.#watches.add(placed, onStep);
  }

  /** How a session has ended whose watch is over: its record is verified and kept, or it is lost. */
  async endOf(watch: Watch): Promise<CommandEnd> {
    const { sessionId } = watch;
    const known = this.#ends.get(sessionId) ?? this.#readEnd(watch);
    this.#ends.set(sessionId, known);
    known.catch(() => this.#ends.delete(sessionId));
    return await known;
  }

  /** Tells its runner to end it. */
  async stop({ sessionId }: Watch, graceMs: number): Promise<void> {
    await this.#parts.channel.call("stop", { session: sessionId, grace_ms: graceMs }, ANSWER_MS);
  }

  /** Whether no runner has claimed the session, and none of its jobs can any more. */
  async takeBack(sessionId: string): Promise<boolean> {
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

  /** Keeps in the record who has claimed a session, and who was refused. */
  async keepClaims({ session, claims }: KeptRun): Promise<void> {
    await ifThere(copyFile(this.#parts.claimsOf(session), claims));
  }

  /** No token of it is worth anything any more, and nothing of it stays here. */
  async forget(sessionId: string): Promise<void> {
    await this.#parts.channel.call("close", { session: sessionId, only_unclaimed: false }, ANSWER_MS);
    await this.#watches.remove(sessionId);
    this.#ends.delete(sessionId);
    await rm(this.#archive(sessionId), { force: true });
    await rm(this.#parts.claimsOf(sessionId), { force: true });
    await this.kept.remove(sessionId);
  }

  async #placedRuns(): Promise<PlacedRuns> {
    if (this.#runs !== undefined) return this.#runs;
    const { head, address, placement, channel, monotonic, failpoints } = this.#parts;
    const options = { placement, channel, head, address, monotonic, failpoints, engineMs: ENGINE_MS };
    const { onStep, onSeen } = this.#watches;
    // Another channel in its place has the same certificate, which is on disk.
    const fingerprint = await channel.fingerprint();
    this.#runs ??= new PlacedRuns({ ...options, fingerprint, onStep, onSeen });
    return this.#runs;
  }

  async #readEnd(watch: Watch): Promise<CommandEnd> {
    const end = await watch.ended;
    if (end.kind !== "collected") return { kind: "lost", why: end.why };
    const { failpoints, log } = this.#parts;
    const run = await this.kept.read(watch.sessionId);
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

  #archive(sessionId: string): string {
    return join(this.#parts.directory, "records", sessionId);
  }
}
