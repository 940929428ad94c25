/** The life of a runner: claims one session from its head, runs it on this node, and sends its record. */
import { join } from "node:path";
import { pino } from "pino";
import { ensureEvidence } from "../audit/chain/chain-writer.ts";
import { evidencePaths } from "../audit/keys/evidence-paths.ts";
import { loadSigningKey } from "../audit/keys/signing-key.ts";
import { keepForChildren } from "../daemon/process/children-environment.ts";
import { lockInstance } from "../daemon/process/instance-lock.ts";
import { ensureDirectory } from "../durable-files.ts";
import type { Environment } from "../environment.ts";
import { AgentdError } from "../errors.ts";
import { failpointsOf } from "../failpoints.ts";
import { isThere } from "../if-there.ts";
import { createLogger } from "../log.ts";
import { requireOrdinaryUser } from "../ordinary-user.ts";
import { ChannelClient, type ClaimAnswer, HeadRefusal } from "../placement/channel/channel-client.ts";
import { keepIdentity } from "../placement/channel/identity.ts";
import { sessionOfJob } from "../placement/channel/protocol.ts";
import { placedCredentialsSchema, type PlacedPlan, placedPlanSchema } from "../placement/placed-plan.ts";
import { bootId } from "../process-identity.ts";
import { ReleaseStack } from "../release-stack.ts";
import { removeTree } from "../trees/remove-tree.ts";
import { followOne } from "./follow-one.ts";
import { nodeHost, nodeName, nodePlaces } from "./node-places.ts";
import { createNodeRecord, hasNodeRecord, type NodeRecordParts } from "./node-record.ts";
import { untilAnswered } from "./patience.ts";
import type { Runner, RunnerBuild, RunnerOptions } from "./runner-options.ts";
import { removeAllAside, setAside } from "./set-aside.ts";
import { NODE_CLOCK } from "./start-one.ts";
import { Told } from "./told.ts";

export type { RunnerBuild, RunnerOptions };

/**
 * Runs the session of a job to its end, and resolves when its head has the record.
 *
 * @returns the exit code: 0 then, and when the head wants nothing of it; 1 when a later runner has to go on.
 * @throws AgentdError when nothing was begun.
 */
export async function runOne(
  options: RunnerOptions,
  build: RunnerBuild,
  process: NodeJS.Process,
  env: Environment,
): Promise<number> {
  keepForChildren(process.env);
  process.umask(0o077);
  const { platform, pid } = process;
  const uid = requireOrdinaryUser({ platform, uid: process.getuid?.() }, "run a session for another host");
  const sessionId = sessionOfJob(options.job);
  if (sessionId === undefined) throw noJob(options.job);
  const host = await nodeHost({ env, home: env["HOME"] ?? "/", uid });
  const places = nodePlaces(host, options.directory, sessionId);
  const told = new Told({ job: options.job, ranMs: () => process.uptime() * 1_000 });
  const onSignal = told.tell;
  process.on("SIGTERM", onSignal).on("SIGINT", onSignal);
  const resources = new ReleaseStack();
  const crash = (): void => void process.kill(pid, "SIGKILL");
  try {
    const isFirst = !(await isThere(places.state));
    await ensureDirectory(places.state, 0o700);
    const log = createLogger(
      pino.destination({ dest: join(places.state, "runner.log"), sync: true, mode: 0o600 }),
      env["AGENTD_LOG"],
    );
    const lock = await lockInstance(places.state, pid);
    resources.defer("state directory", () => lock.release());
    const runner = { options, build, host, places, sessionId, pid, crash, log, told, resources };
    const earlier = removeAllAside(places.state, log);
    const aside = await run(runner).catch(async (error: unknown) => {
      const isRefused = error instanceof AgentdError && error.code === "placement_refused";
      if (!isRefused || !isFirst) throw error;
      // Another has the session. Keys of an earlier runner stay: they may be those of its claim.
      await resources.release();
      await removeTree(places.state);
      throw error;
    });
    await resources.release();
    if (aside !== undefined) await removeTree(aside);
    await earlier;
    return aside === undefined ? 1 : 0;
  } finally {
    process.off("SIGTERM", onSignal).off("SIGINT", onSignal);
    await resources.release();
  }
}

/** @returns where its state is once nothing of it is needed on this node any more; undefined where something is. */
async function run(runner: Runner): Promise<string | undefined> {
  const { options, build, host, places, sessionId, pid, crash, log, told, resources } = runner;
  await ensureEvidence(evidencePaths(places.state));
  const identity = await keepIdentity(join(places.state, "channel.pem"));
  const { head: address, fingerprint } = options;
  const client = new ChannelClient({ address, fingerprint, identity });
  resources.defer("connections to the head", () => client.close());
  const placement = {
    ...{ engine: "slurm" as const, cluster: host.env["SLURM_CLUSTER_NAME"] ?? null },
    ...{ job_id: host.env["SLURM_JOB_ID"] ?? null, node: nodeName(host), boot_id: await bootId() },
    ...{ node_key: null, node_statement: null },
  };
  const granted = await claim(runner, client, placement);
  if (granted === undefined) return undefined;
  const plan = planOf(granted, build.version);
  const failpoints = failpointsOf({ env: host.env, pid, crash });
  const parts: NodeRecordParts = {
    ...{ places, sessionId, sealWorker: build.sealWorker, failpoints, now: NODE_CLOCK.now },
    daemon: { pid, version: build.version },
  };
  if (!(await hasNodeRecord(parts, plan))) {
    // Without credentials, its command had them once: what it left has gone, and it must not run twice.
    if (granted.credentials === undefined) throw nothingLeft(sessionId, places.state);
    await createNodeRecord(parts, plan, placement);
  }
  log.info({ job: options.job, resume: options.isResume }, "session claimed");
  const variables =
    granted.credentials === undefined
      ? {}
      : placedCredentialsSchema.parse(JSON.parse(granted.credentials)).variables;
  try {
    await followOne({ ...runner, told, client, plan, parts, variables, sentBytes: granted.log_bytes });
  } catch (error) {
    if (!(error instanceof HeadRefusal)) throw error;
    log.error({ error }, "the head wants nothing of the session any more");
    return undefined;
  }
  // Before anything is released, which takes time.
  const aside = await setAside(places.state);
  await failpoints.reach("set_aside");
  return aside;
}

/** Undefined when the engine has told the runner to end before it had the session. */
async function claim(
  { options, places, told, log }: Runner,
  client: ChannelClient,
  { node, boot_id }: { readonly node: string; readonly boot_id: string },
): Promise<ClaimAnswer | undefined> {
  const { publicKey } = loadSigningKey(evidencePaths(places.state), undefined);
  const claimed = {
    ...{ job: options.job, token: options.token, node, boot_id, is_resume: options.isResume },
    seal_key: publicKey.export({ type: "spki", format: "der" }).toString("base64"),
  };
  try {
    return await untilAnswered(() => client.claim(claimed), { signal: told.signal, log });
  } catch (error) {
    if (told.signal.aborted) return undefined;
    if (!(error instanceof HeadRefusal)) throw error;
    throw new AgentdError("placement_refused", {
      tried: `claim the session of the job ${options.job}`,
      why: error.message,
      next: "The head has the session somewhere else, or knows nothing of it: nothing was begun here.",
      details: { code: error.code },
    });
  }
}

function planOf({ plan: text }: ClaimAnswer, version: string): PlacedPlan {
  const plan = placedPlanSchema.parse(JSON.parse(text));
  if (plan.agentd === version) return plan;
  throw new AgentdError("protocol_mismatch", {
    tried: "run a session for another host",
    why: `that host has agentd ${plan.agentd}, and this node has ${version}`,
    next: "Install the same version on all nodes.",
  });
}

function noJob(job: string): AgentdError {
  return new AgentdError("usage", {
    tried: `run the session of the job ${JSON.stringify(job)}`,
    why: "it is no name that agentd gives to a job",
    next: "This command is for scripts that agentd submits itself.",
  });
}

function nothingLeft(sessionId: string, state: string): AgentdError {
  return new AgentdError("state_unusable", {
    tried: `go on with session ${sessionId} on this node`,
    why: `its command has had its credentials, and there is nothing of it in ${state}`,
    next: "Stop the session on its head. Check whether something on this node removes old files.",
  });
}
