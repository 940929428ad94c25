/**
 * Images: from a reference to an image on this host, pulled where the profile wants that.
 */
import { AgentdError } from "../../errors.ts";
import { engineFailure } from "../service/engine-failure.ts";
import type { EngineHttp } from "../service/http.ts";
import { imageReply, pullLine } from "../service/replies.ts";

/** When an image is fetched from its registry. */
export type PullPolicy = "missing" | "always" | "never";

/** An image on this host. */
export interface ResolvedImage {
  /** 64 hex digits. */
  readonly id: string;
  /** Digest of the manifest, `sha256:...`; null where Podman knows none. */
  readonly digest: string | null;
  /** As it was asked for. */
  readonly reference: string;
}

export interface ResolveOptions {
  readonly signal?: AbortSignal | undefined;
  /** Called with each line that Podman says while it pulls. */
  readonly onProgress?: ((line: string) => void) | undefined;
}

/** The registry name that Podman gives to images that were built or imported without one. */
const LOCAL = "localhost/";

const PULL_DEADLINE_MS = 3_600_000;

/**
 * Finds an image, and pulls it where the policy says so.
 *
 * @throws `image_missing` when it is not on this host and cannot be pulled.
 */
export async function resolveImage(
  http: EngineHttp,
  reference: string,
  pull: PullPolicy,
  options: ResolveOptions,
): Promise<ResolvedImage> {
  if (pull !== "always") {
    const local = await findImage(http, reference, options.signal);
    if (local !== undefined) return local;
    if (pull === "never") throw notHere(reference, 'the profile sets pull = "never"');
    if (reference.startsWith(LOCAL))
      throw notHere(reference, `images of ${LOCAL} cannot be pulled from a registry`);
  }
  await pullImage(http, reference, options);
  const pulled = await findImage(http, reference, options.signal);
  if (pulled === undefined) throw notPulled(reference, "it was pulled, but Podman does not list it");
  return pulled;
}

async function findImage(
  http: EngineHttp,
  reference: string,
  signal?: AbortSignal,
): Promise<ResolvedImage | undefined> {
  const tried = `find image ${reference}`;
  const path = `/images/${encodeURIComponent(reference)}/json`;
  const reply = await http.send({ tried, method: "GET", path, signal });
  if (reply.status === 404) return undefined;
  if (reply.status >= 400) throw engineFailure(tried, reply.status, reply.text);
  const image = imageReply.parse(JSON.parse(reply.text));
  return { id: image.Id, digest: image.Digest || null, reference };
}

async function pullImage(
  http: EngineHttp,
  reference: string,
  { signal, onProgress }: ResolveOptions,
): Promise<void> {
  const request = {
    tried: `pull image ${reference}`,
    method: "POST",
    path: "/images/pull",
    query: { reference, policy: "always" },
    deadlineMs: PULL_DEADLINE_MS,
    signal,
    repeatable: true,
  } as const;
  try {
    for await (const line of await http.stream(request)) {
      const { stream, error } = pullLine.parse(line);
      // 4.3 has answered 200 by then, so the failure comes as a line.
      if (error !== undefined) throw notPulled(reference, error);
      if (stream !== undefined) onProgress?.(stream.trimEnd());
    }
  } catch (error) {
    if (error instanceof AgentdError && error.code === "engine_failed") {
      throw notPulled(reference, String(error.details?.["message"]));
    }
    throw error;
  }
}

function notHere(reference: string, because: string): AgentdError {
  return new AgentdError("image_missing", {
    tried: `use image ${reference}`,
    why: `it is not on this host, and ${because}`,
    next: "Build, import or pull it as the daemon's user (list images with `podman images`), or fix base_image.",
  });
}

function notPulled(reference: string, why: string): AgentdError {
  return new AgentdError("image_missing", {
    tried: `pull image ${reference}`,
    why,
    next: `Check the name of the image and, with \`podman pull ${reference}\` as this user, the registry and its login.`,
  });
}
