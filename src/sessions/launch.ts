import { AgentdError } from "../errors.ts";
import { homeOf } from "./container-request.ts";
import { launchContainer } from "./launch-container.ts";
import type { LaunchContext } from "./launch-context.ts";
import { inStage, LaunchError } from "./launch-stage.ts";
import { makeMountPoints } from "./mount-points.ts";
import type { Gate, Mount } from "./ports.ts";
import { deferDirectories } from "./releases.ts";

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
  const { profile, record, engine, workspaces, credentials, resources, failpoints } = context;
  const { values, token } = await inStage("credentials", async () => resolveSecrets(context));
  const methodology = await inStage("methodology", () => findMethodology(context));
  const mounts = await inStage("mounts", () => findMounts(context));

  deferDirectories(resources, record, context, context.onRemoving);
  const failure = new AbortController();
  const signal = AbortSignal.any([context.signal, failure.signal]);
  const together = <T>(work: Promise<T>): Promise<T> =>
    work.catch((error: unknown) => {
      failure.abort();
      throw error;
    });

  const staging = together(
    inStage("clone", async () => {
      const made = await workspaces.create(record.id);
      await failpoints.reach("staging_made");
      return made;
    }),
  );
  const gate = together(
    inStage("create", async () => {
      const made = await credentials.createGate(record.id);
      await failpoints.reach("gate_made");
      return made;
    }),
  );
  const sources = Promise.all([staging, gate]).then(async ([staging, gate]) => {
    const { homeDirectory } = staging;
    await together(inStage("mounts", () => makeMountPoints(homeDirectory, homeOf(profile), mounts)));
    return { staging, gate, declared: { methodology, mounts } };
  });
  const clone = staging.then(() => together(inStage("clone", () => cloneRepository(context, token, signal))));
  const container = together(launchContainer(context, sources, signal));

  // Until all have settled something may still be made, and nothing may be released.
  const [prepared, cloned, launched] = await Promise.allSettled([sources, clone, container]);
  if (prepared.status === "rejected" || cloned.status === "rejected" || launched.status === "rejected") {
    throw firstFailure([prepared, cloned, launched], signal);
  }
  const { selinux } = engine.host;
  await inStage("clone", () => workspaces.deliver(record.id, { selinux, signal }));
  return { containerId: launched.value, gate: prepared.value.gate, values };
}

/** Of several failures, the others are echoes of one through the shared signal: the one to report is the original. */
function firstFailure(results: readonly PromiseSettledResult<unknown>[], signal: AbortSignal): unknown {
  const failures = results.flatMap((result): unknown[] =>
    result.status === "rejected" ? [result.reason] : [],
  );
  const isEcho = (error: unknown): boolean => error instanceof LaunchError && error.cause === signal.reason;
  return failures.find((error) => !isEcho(error)) ?? failures[0];
}

/** The clone token stays on the host: it is not among the values that are handed over. */
function resolveSecrets({ profile, credentials }: LaunchContext): {
  readonly values: ReadonlyMap<string, string>;
  readonly token: string | undefined;
} {
  const source = profile.repoTokenSource;
  return {
    values: credentials.resolve(profile.credentials),
    token: source === undefined ? undefined : credentials.resolveToken(source),
  };
}

async function findMethodology({ profile, record, hostPaths }: LaunchContext): Promise<string | undefined> {
  if (profile.methodologyDir === undefined) return undefined;
  const { directory, digest } = await hostPaths.methodology(profile.methodologyDir);
  const found = { methodology_digest: digest };
  await record.update(found, { persist: false });
  await record.journal("preparing", "methodology_found", found, { durable: false });
  return directory;
}

async function findMounts({ profile, hostPaths }: LaunchContext): Promise<Mount[]> {
  return await Promise.all(
    profile.mounts.map(async (mount) => ({ ...mount, source: await hostPaths.mountSource(mount) })),
  );
}

async function cloneRepository(
  context: LaunchContext,
  token: string | undefined,
  signal: AbortSignal,
): Promise<void> {
  const { record, workspaces, activities, failpoints } = context;
  const { repo_url: url, ref } = record.document;
  await failpoints.reach("clone_begun");
  const { commit, warnings } = await activities.during(`cloning ${url}`, () =>
    workspaces.clone(record.id, { url, ref, token }, { signal }),
  );
  const allWarnings = [...record.document.warnings, ...warnings];
  await record.update({ commit, warnings: allWarnings }, { persist: false });
  await record.journal("preparing", "cloned", { commit, warnings }, { durable: false });
  await failpoints.reach("cloned");
}

/**
 * Opens the gate of a prepared session: hands the credentials over, which lets its command start.
 *
 * @param exited settles when the container ends, which ends the wait for its launcher.
 * @throws LaunchError when the launcher never came to read: the image's shell does not work.
 */
export async function openGate(
  prepared: Prepared,
  { signal }: Pick<LaunchContext, "signal">,
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
      signal: AbortSignal.any([signal, gone.signal]),
      onFirstByte: onRunning,
    }),
  );
}
