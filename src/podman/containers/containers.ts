/**
 * The life of containers through the API. Every operation survives the service being killed: it waits for the
 * next service, and looks before it acts again.
 */
import { basename, dirname } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { containerMissing, engineFailure, refusal, replyWasLost } from "../service/engine-failure.ts";
import type { EngineHttp, EngineReply } from "../service/http.ts";
import { labelFilters } from "../service/label-filters.ts";
import { createReply, type InspectReply, inspectReply, listReply, removeReply } from "../service/replies.ts";
import { type ContainerPhase, phaseOf } from "./container-status.ts";
import { directoryArchive } from "./directory-archive.ts";

/** A container in a listing. */
export interface ListedContainer {
  readonly id: string;
  readonly name: string;
  readonly phase: ContainerPhase;
  readonly labels: Readonly<Record<string, string>>;
}

/** An image that was never used with this id mapping is copied at create; big ones take minutes. */
const CREATE_DEADLINE_MS = 600_000;
/** A home volume is filled from the image at start. */
const START_DEADLINE_MS = 120_000;
const REMOVE_DEADLINE_MS = 60_000;
const MOST_TRIES = 5;
const RETRY_PAUSE_MS = 200;

/** How the engine writes a time that is not set. */
const NEVER = "0001-01-01T00:00:00Z";

export class Containers {
  readonly #http: EngineHttp;
  /** Containers whose start killed the service, and that have not ended since. */
  readonly #startsCutShort = new Set<string>();

  constructor(http: EngineHttp) {
    this.#http = http;
  }

  /** Creates a container and returns its id. After a lost reply it looks by name, which is unique. */
  async create(name: string, spec: Readonly<Record<string, unknown>>, signal?: AbortSignal): Promise<string> {
    for (let tries = 1; ; tries++) {
      try {
        const reply = await this.#http.call({
          tried: `create container ${name}`,
          method: "POST",
          path: "/containers/create",
          body: spec,
          deadlineMs: CREATE_DEADLINE_MS,
          signal,
        });
        return createReply.parse(JSON.parse(reply.text)).Id;
      } catch (error) {
        if (!replyWasLost(error) || tries === MOST_TRIES) throw error;
      }
      const made = await this.inspect(name, signal);
      if (made !== undefined) return made.Id;
      await this.remove(name); // Half of it may be in the storage and occupy the name.
    }
  }

  /**
   * Starts a created container; one that has started already is fine. A start that the service did not survive may
   * have happened, and then happens once more: nothing of a session's runs before its gate opens.
   *
   * @throws `container_missing`, `engine_failed`.
   */
  async start(id: string, signal?: AbortSignal): Promise<void> {
    for (let tries = 1; ; tries++) {
      const failure = await this.#tryToStart(id, signal);
      if (failure === undefined) break;
      if (replyWasLost(failure)) this.#startsCutShort.add(id);
      if (!this.#startsCutShort.has(id) || tries === MOST_TRIES) throw failure;
      const found = await this.inspect(id, signal);
      if (found !== undefined && hasStarted(found)) break;
      await delay(RETRY_PAUSE_MS * tries, undefined, { signal });
      if (!replyWasLost(failure)) await this.#clearStart(id, signal);
    }
    this.#startsCutShort.delete(id);
  }

  /**
   * Freezes or thaws a running container by its control group.
   *
   * @returns why the engine refuses; undefined when it is done, or was already.
   */
  async freeze(id: string, action: "pause" | "unpause"): Promise<Error | undefined> {
    const tried = `${action} container ${id}`;
    const reply = await this.#http.send({
      tried,
      method: "POST",
      path: `/containers/${id}/${action}`,
      repeatable: true,
    });
    if (reply.status < 400) return undefined;
    const isPaused = (await this.inspect(id))?.State.Status === "paused";
    return isPaused === (action === "pause") ? undefined : engineFailure(tried, reply.status, reply.text);
  }

  /** What the engine knows about a container, by id or name; undefined when it does not exist. */
  async inspect(id: string, signal?: AbortSignal): Promise<InspectReply | undefined> {
    const tried = `inspect container ${id}`;
    for (let tries = 1; ; tries++) {
      const reply = await this.#http.send({ tried, method: "GET", path: `/containers/${id}/json`, signal });
      if (reply.status === 404) return undefined;
      if (reply.status < 400) return inspectReply.parse(JSON.parse(reply.text));
      if (!endedMeanwhile(reply) || tries === MOST_TRIES)
        throw engineFailure(tried, reply.status, reply.text);
    }
  }

  /** Sends a signal to the first process; a container that does not run, or does not exist, is fine. */
  async signal(id: string, signalName: NodeJS.Signals): Promise<void> {
    const tried = `send ${signalName} to container ${id}`;
    const reply = await this.#http.send({
      tried,
      method: "POST",
      path: `/containers/${id}/kill`,
      query: { signal: signalName },
      repeatable: true,
    });
    if (reply.status === 404 || isStateImproper(reply)) return;
    if (reply.status >= 400) throw engineFailure(tried, reply.status, reply.text);
  }

  /**
   * Kills and removes a container with its anonymous volumes; missing is fine. Where conmon has died, the engine may
   * refuse at first, so this kills and tries again. It does the same when the service died: that may have recorded a
   * kill that it did not carry out, and the engine would then remove the container from under its processes.
   */
  async remove(id: string): Promise<void> {
    await this.#finishStart(id);
    for (let tries = 1; ; tries++) {
      const failure = await this.#tryToRemove(id);
      if (failure === undefined) return;
      if (tries === MOST_TRIES) throw failure;
      await this.signal(id, "SIGKILL").catch(() => undefined); // The removal's failure is the one that counts.
      await delay(RETRY_PAUSE_MS * tries);
    }
  }

  /** Gives a container another name, which is free; one that has it is fine. It may run. */
  async rename(id: string, name: string): Promise<void> {
    const tried = `rename container ${id} to ${name}`;
    const path = `/containers/${id}/rename`;
    const reply = await this.#http.send({ tried, method: "POST", path, query: { name } }).catch(lostReply);
    if (!(reply instanceof Error) && reply.status < 400) return;
    if ((await this.inspect(id))?.Name === name) return;
    throw reply instanceof Error ? reply : engineFailure(tried, reply.status, reply.text);
  }

  /** All containers that carry these labels, in any state. */
  async list(labels: Readonly<Record<string, string>>): Promise<ListedContainer[]> {
    const reply = await this.#http.call({
      tried: "list containers",
      method: "GET",
      path: "/containers/json",
      query: { all: "true", filters: labelFilters(labels) },
    });
    return listReply.parse(JSON.parse(reply.text)).map((container) => ({
      id: container.Id,
      name: container.Names[0] ?? "",
      phase: phaseOf(container.State),
      labels: container.Labels ?? {},
    }));
  }

  /** Whether a path exists in a container's file system; the container need not have run. */
  async hasPath(id: string, path: string, signal?: AbortSignal): Promise<boolean> {
    const tried = `look for ${path} in container ${id}`;
    const reply = await this.#http.send({
      tried,
      method: "HEAD",
      path: `/containers/${id}/archive`,
      query: { path },
      signal,
    });
    if (reply.status === 404) return false;
    if (reply.status >= 400) throw engineFailure(tried, reply.status, reply.text);
    return true;
  }

  /**
   * Gives an existing directory of a created container to a user. A volume that is filled from it takes over its
   * owner, and that overrules the volume's own option for ownership.
   */
  async giveDirectory(id: string, path: string, owner: number, signal?: AbortSignal): Promise<void> {
    await this.#http.call({
      tried: `prepare ${path} in container ${id}`,
      method: "PUT",
      path: `/containers/${id}/archive`,
      query: { path: dirname(path) },
      body: directoryArchive(basename(path), owner),
      signal,
    });
  }

  async #tryToStart(id: string, signal?: AbortSignal): Promise<Error | undefined> {
    const tried = `start container ${id}`;
    const reply = await this.#http
      .send({
        tried,
        method: "POST",
        path: `/containers/${id}/start`,
        deadlineMs: START_DEADLINE_MS,
        signal,
      })
      .catch(lostReply);
    if (reply instanceof Error) return reply;
    if (reply.status === 404) return containerMissing(tried);
    return reply.status >= 400 ? engineFailure(tried, reply.status, reply.text) : undefined;
  }

  /**
   * The remains of a start that was cut short make the next start fail. Often that clears them away. Where the process
   * has died, 5.x keeps starting that one, until a stop makes it look. Any result of the stop is fine.
   */
  async #clearStart(id: string, signal?: AbortSignal): Promise<void> {
    await this.#http.send({
      tried: `stop container ${id}`,
      method: "POST",
      path: `/containers/${id}/stop`,
      query: { timeout: "0" },
      signal,
      repeatable: true,
    });
  }

  /** The engine forgets a process that waits to be started when its container is removed, so it is started. */
  async #finishStart(idOrName: string): Promise<void> {
    if (this.#startsCutShort.size === 0) return;
    const id = (await this.inspect(idOrName))?.Id;
    if (id === undefined || !this.#startsCutShort.has(id)) return;
    await this.start(id).catch(() => undefined); // Failing clears it away too.
    this.#startsCutShort.delete(id);
  }

  async #tryToRemove(id: string): Promise<Error | undefined> {
    const tried = `remove container ${id}`;
    const reply = await this.#http
      .send({
        tried,
        method: "DELETE",
        path: `/containers/${id}`,
        query: { force: "true", timeout: "0", volumes: "true" },
        deadlineMs: REMOVE_DEADLINE_MS,
        repeatable: false,
      })
      .catch(lostReply);
    if (reply instanceof Error) return reply;
    if (reply.status === 404) return undefined;
    if (reply.status >= 400) return engineFailure(tried, reply.status, reply.text);
    if (reply.status === 204) return undefined;
    const failed = removeReply.parse(JSON.parse(reply.text)).find((entry) => (entry.Err ?? null) !== null);
    return failed && engineFailure(tried, reply.status, JSON.stringify({ message: String(failed.Err) }));
  }
}

/** The error of a request under which the service died; any other is rethrown. */
function lostReply(error: unknown): Error {
  if (error instanceof Error && replyWasLost(error)) return error;
  throw error;
}

/** A container that was stopped before its start shows as exited, too. */
function hasStarted({ State }: InspectReply): boolean {
  const phase = phaseOf(State.Status);
  return phase === "running" || (phase === "exited" && State.StartedAt !== NEVER);
}

/** The engine reads files of the first process, and fails where the process ends under a read. */
function endedMeanwhile(reply: EngineReply): boolean {
  return /\/proc\/\d+\/.*no such process/.test(refusal(reply.text).message);
}

function isStateImproper(reply: EngineReply): boolean {
  // 4.3 answers 500 where later versions answer 409.
  return (
    reply.status === 409 || (reply.status >= 400 && refusal(reply.text).cause === "container state improper")
  );
}
