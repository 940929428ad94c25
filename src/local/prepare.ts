/** Everything that a session's command needs on this host, up to the gate: nothing of the agent's runs. */
import { join } from "node:path";
import { REQUEST_FILE } from "../input/rules.ts";
import type { Mount } from "../profile/profile.ts";
import type { Prepared } from "../sessions/port/executor.ts";
import { inStage, LaunchError } from "../sessions/port/launch-stage.ts";
import { homeOf } from "./container-request.ts";
import { handedOver, payloadOf } from "./handed-over.ts";
import { findHomeFiles } from "./home-sources.ts";
import { type ContainerSources, launchContainer } from "./launch-container.ts";
import type { Surrounding } from "./likeness.ts";
import { makeWorkspace } from "./make-workspace.ts";
import { makeMountPoints } from "./mount-points.ts";
import { openGate } from "./open-gate.ts";
import { openVolumes } from "./open-volumes.ts";
import type { Gate, Staging } from "./ports.ts";
import type { Preparation } from "./preparation.ts";
import { deferDirectories } from "./releases.ts";
import { takeDirectories } from "./take-waiting.ts";

/**
 * Prepares a session up to its gate. Making the container overlaps the clone.
 *
 * @throws LaunchError
 */
export async function prepare(preparation: Preparation): Promise<Prepared> {
  const { parts, job, preparing, releases, onRemoving } = preparation;
  const { values, token } = await inStage("credentials", async () => {
    const secrets = resolveSecrets(preparation);
    await parts.credentials.remember(job, secrets.values);
    return secrets;
  });
  const payload = await inStage("create", () => payloadOf(job, values));
  deferDirectories(releases, job.sessionId, parts, onRemoving);
  // Before anything is put into them.
  const waiting = await preparation.pool.take(job);
  const taken = waiting && (await takeDirectories(preparation, waiting));
  const methodology = await inStage("methodology", () => findMethodology(preparation));
  const mounts = await inStage("mounts", () => findMounts(preparation));

  const together = new Together(preparing.signal);
  const { signal } = together;
  const staging = together.run("clone", async () => taken?.staging ?? (await makeStaging(preparation)));
  const gate = together.run("create", async () => taken?.gate ?? (await makeGate(preparation)));
  const input = together.run("mounts", async () => {
    await staging;
    return job.input && (await parts.workspaces.copyInput(job.sessionId, job.input.directory));
  });
  const files = together.run("mounts", async () => {
    await staging;
    return await findHomeFiles(preparation, token, signal);
  });
  const sources = together.run("mounts", async (): Promise<ContainerSources> => {
    const made = { staging: await staging, gate: await gate, input: await input };
    const all = [...mounts, ...(await openVolumes(preparation, signal))];
    const makePoints = (): Promise<void> =>
      makeMountPoints(made.staging.homeDirectory, homeOf(job.profile), all);
    // One that waits has them, and may write to them.
    if (taken === undefined) await makePoints();
    const declared = { methodology: methodology?.directory, mounts: all };
    return {
      ...{ ...made, declared, methodology, files: await files },
      waiting: taken === undefined ? undefined : waiting,
      makePoints,
    };
  });
  const clone = together.run("clone", async () => {
    await staging;
    await makeWorkspace(preparation, token, signal);
  });
  const container = together.run("start", () => launchContainer(preparation, sources, signal));

  await together.settled();
  const { selinux } = parts.engine.host;
  await clone;
  await inStage("clone", () => parts.workspaces.deliver(job.sessionId, { selinux, signal }));
  const opened = await gate;
  return { ref: await container, begin: (options) => openGate(opened, payload, options) };
}

/** Works side by side: the first failure ends the others, and is the one to report. */
class Together {
  readonly #failure = new AbortController();
  readonly #works: Promise<unknown>[] = [];
  readonly signal: AbortSignal;

  constructor(signal: AbortSignal) {
    this.signal = AbortSignal.any([signal, this.#failure.signal]);
  }

  /** Starts some work. An error without a stage gets this one. */
  run<T>(stage: LaunchError["stage"], work: () => Promise<T>): Promise<T> {
    const running = this.#ofStage(stage, work);
    this.#works.push(running);
    return running;
  }

  /** Waits for all: until then something may still be made, and nothing may be released. Throws the first failure. */
  async settled(): Promise<void> {
    const results = await Promise.allSettled(this.#works);
    const failures = results.flatMap((result): unknown[] =>
      result.status === "rejected" ? [result.reason] : [],
    );
    if (failures.length === 0) return;
    // Of several failures, the others are echoes of one through the shared signal.
    const isEcho = (error: unknown): boolean =>
      error instanceof LaunchError && error.cause === this.signal.reason;
    throw failures.find((error) => !isEcho(error)) ?? failures[0];
  }

  async #ofStage<T>(stage: LaunchError["stage"], work: () => Promise<T>): Promise<T> {
    try {
      return await work();
    } catch (error) {
      this.#failure.abort();
      throw error instanceof LaunchError ? error : new LaunchError(stage, error);
    }
  }
}

async function makeStaging({ parts, job }: Preparation): Promise<Staging> {
  const made = await parts.workspaces.create(job.sessionId);
  await parts.failpoints.reach("staging_made");
  return made;
}

async function makeGate({ parts, job }: Preparation): Promise<Gate> {
  const made = await parts.credentials.createGate(job.sessionId);
  await parts.failpoints.reach("gate_made");
  return made;
}

/** The clone token stays on the host: it is not among the values that are handed over. */
function resolveSecrets({ parts, job }: Preparation): {
  readonly values: ReadonlyMap<string, string>;
  readonly token: string | undefined;
} {
  const source = job.profile.repoTokenSource;
  return {
    values: handedOver(parts, job),
    token: source === undefined ? undefined : parts.credentials.resolveToken(source),
  };
}

async function findMethodology({ parts, job, preparing }: Preparation): Promise<Surrounding["methodology"]> {
  const { methodologyDir } = job.profile;
  if (methodologyDir === undefined) return undefined;
  const { directory, digest } = await parts.hostPaths.methodology(methodologyDir);
  const found = { methodology_digest: digest };
  const request = job.input?.hasRequest === true ? join(job.input.directory, REQUEST_FILE) : undefined;
  const warnings =
    request === undefined
      ? []
      : await parts.hostPaths.placeRequest(directory, {
          runaDirectory: job.runaDirectory,
          requestFile: request,
        });
  await preparing.found("methodology_found", { ...found, warnings }, found);
  return { directory, digest };
}

async function findMounts({ parts: { hostPaths }, job: { profile } }: Preparation): Promise<Mount[]> {
  return await Promise.all(
    profile.mounts.map(async (mount) => ({ ...mount, source: await hostPaths.mountSource(mount) })),
  );
}
