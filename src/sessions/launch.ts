import { AgentdError, sentence } from "../errors.ts";
import type { LaunchStage } from "../outcome.ts";
import { containerName, containerRequest, homeOf } from "./container-request.ts";
import type { Credentials, Engine, Gate, OpenRecord, SessionProfile, Staging, Workspaces } from "./ports.ts";
import type { ReleaseStack } from "./release-stack.ts";

/** How long preparing may take from the start of a launch until the gate opens: one hour. */
export const PREPARATION_LIMIT_MS = 60 * 60 * 1000;

/** What a launch works with. */
export interface LaunchContext {
  readonly instance: string;
  readonly profile: SessionProfile;
  readonly record: OpenRecord;
  readonly engine: Engine;
  readonly workspaces: Workspaces;
  readonly credentials: Credentials;
  /** Takes over everything that the launch acquires, whether it succeeds or not. */
  readonly resources: ReleaseStack;
  /** The session's own deadline and grace in all, in milliseconds; undefined without a deadline. */
  readonly lifetimeMs: number | undefined;
  /** Aborted when the session is told to stop or preparing takes too long. */
  readonly signal: AbortSignal;
}

/** A launch that failed, with the stage it failed in. */
export class LaunchError extends Error {
  override readonly name = "LaunchError";
  readonly stage: LaunchStage;

  constructor(stage: LaunchStage, cause: unknown) {
    super(sentence(cause), { cause });
    this.stage = stage;
  }
}

/** A session whose command may be let go. */
export interface Prepared {
  readonly containerId: string;
  readonly gate: Gate;
  readonly values: ReadonlyMap<string, string>;
}

/**
 * Prepares a session up to its gate. Making the container overlaps the clone; nothing of the agent's runs.
 *
 * @throws LaunchError
 */
export async function prepare(context: LaunchContext): Promise<Prepared> {
  const { record, profile, workspaces, credentials, resources } = context;
  const values = await inStage("credentials", async () => credentials.resolve(profile.credentials));

  resources.defer("staging directory", () => workspaces.remove(record.id));
  resources.defer("gate", () => credentials.removeGate(record.id));
  const [staging, gate] = await Promise.all([
    inStage("clone", () => workspaces.create(record.id)),
    inStage("create", () => credentials.createGate(record.id)),
  ]);

  const failure = new AbortController();
  const signal = AbortSignal.any([context.signal, failure.signal]);
  const together = <T>(work: Promise<T>): Promise<T> =>
    work.catch((error: unknown) => {
      failure.abort();
      throw error;
    });
  const [clone, container] = await Promise.allSettled([
    together(inStage("clone", () => cloneRepository(context, signal))),
    together(startContainer(context, staging, gate, signal)),
  ]);
  const failures = [clone, container].flatMap((result): unknown[] =>
    result.status === "rejected" ? [result.reason] : [],
  );
  if (container.status === "rejected" || failures.length > 0) throw firstFailure(failures, signal);
  return { containerId: container.value, gate, values };
}

/** Of two failures, one is the other's echo through the shared signal: the one to report is the original. */
function firstFailure(failures: readonly unknown[], signal: AbortSignal): unknown {
  const isEcho = (error: unknown): boolean => error instanceof LaunchError && error.cause === signal.reason;
  return failures.find((error) => !isEcho(error)) ?? failures[0];
}

async function cloneRepository(context: LaunchContext, signal: AbortSignal): Promise<void> {
  const { record, workspaces } = context;
  const { repo_url: url, ref } = record.document;
  const { commit, warnings } = await workspaces.clone(record.id, { url, ref }, { signal });
  const allWarnings = [...record.document.warnings, ...warnings];
  await record.update({ commit, warnings: allWarnings }, { persist: false });
  await record.journal("preparing", "cloned", { commit, warnings });
}

async function startContainer(
  context: LaunchContext,
  staging: Staging,
  gate: Gate,
  signal: AbortSignal,
): Promise<string> {
  const { instance, profile, record, engine, credentials, resources, lifetimeMs } = context;
  const image = await inStage("image", async () => {
    const found = await engine.resolveImage(profile.baseImage, "missing", { signal });
    await record.update({ image_digest: found.digest }, { persist: false });
    return { id: found.id, bringsHome: await engine.imageHasPath(found.id, homeOf(profile)) };
  });

  const name = containerName(instance, record.id);
  // Before the create, whose reply may be lost although the container was made.
  resources.defer("container", () => engine.removeContainer(name));
  const id = await inStage("create", async () => {
    signal.throwIfAborted();
    const backstopMs = lifetimeMs === undefined ? undefined : PREPARATION_LIMIT_MS + lifetimeMs;
    const argv = credentials.launcherArgv(profile.command);
    const request = containerRequest({ instance, profile, record, staging, gate, image, argv, backstopMs });
    return (await engine.createContainer(request)).id;
  });
  await record.journal("preparing", "container_created", {
    container: id,
    image_digest: record.document.image_digest,
  });

  await inStage("start", async () => {
    signal.throwIfAborted();
    await engine.startContainer(id);
  });
  return id;
}

async function inStage<T>(stage: LaunchStage, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    throw new LaunchError(stage, error);
  }
}

/**
 * Opens the gate of a prepared session: journals `running`, hands the credentials over, journals `handed_over`.
 *
 * @param exited settles when the container ends, which ends the wait for its launcher.
 * @throws LaunchError when the launcher never came to read: the image's shell does not work.
 */
export async function openGate(
  prepared: Prepared,
  context: Pick<LaunchContext, "record" | "signal">,
  exited: Promise<unknown>,
  onRunning: () => Promise<void>,
): Promise<void> {
  const gone = new AbortController();
  const lost = new AgentdError("launcher_failed", {
    tried: "hand the session over to its command",
    why: "the container ended before its /bin/sh read the credentials",
    next: "Look at `agentd logs` of the session, and check that the image has a working /bin/sh.",
  });
  void exited.then(
    () => gone.abort(lost),
    () => gone.abort(lost),
  );
  await inStage("start", () =>
    prepared.gate.open(prepared.values, {
      signal: AbortSignal.any([context.signal, gone.signal]),
      onFirstByte: onRunning,
    }),
  );
  await context.record.journal("running", "handed_over");
}
