/** The life of volumes through the API. */
import { AgentdError } from "../../errors.ts";
import { isWithin } from "../../path-containment.ts";
import { lastLine, type Podman } from "../host/engine-report.ts";
import { engineFailure } from "../service/engine-failure.ts";
import type { EngineHttp } from "../service/http.ts";
import { labelFilters } from "../service/label-filters.ts";
import { volumeReply, volumesReply } from "../service/replies.ts";

/** A volume in a listing. */
export interface ListedVolume {
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
}

/** A home can have hundreds of thousands of files. */
const EMPTY_LIMIT_MS = 300_000;

export class Volumes {
  readonly #http: EngineHttp;
  readonly #podman: Podman;

  /** @param podman the program: only in its user namespace can all files of a volume be removed. */
  constructor(http: EngineHttp, podman: Podman) {
    this.#http = http;
    this.#podman = podman;
  }

  /** Creates an empty volume; after a lost reply it may be there already. */
  async create(name: string, labels: Readonly<Record<string, string>>): Promise<void> {
    const tried = `create volume ${name}`;
    const reply = await this.#http.send({
      tried,
      method: "POST",
      path: "/volumes/create",
      body: { Name: name, Label: labels },
      repeatable: true,
    });
    if (reply.status >= 400 && !(await this.#exists(name)))
      throw engineFailure(tried, reply.status, reply.text);
  }

  /**
   * Where the host has the files of a volume.
   *
   * @param storage the engine's own directories: a volume that lies anywhere else is none of agentd's.
   * @throws AgentdError `engine_failed` when there is no such volume, or it is elsewhere.
   */
  async directory(name: string, storage: readonly string[]): Promise<string> {
    const tried = `find volume ${name}`;
    const reply = await this.#http.call({ tried, method: "GET", path: `/volumes/${name}/json` });
    const { Mountpoint } = volumeReply.parse(JSON.parse(reply.text));
    if (storage.some((directory) => Mountpoint !== directory && isWithin(Mountpoint, directory)))
      return Mountpoint;
    throw new AgentdError("engine_failed", {
      tried,
      why: `it is at ${JSON.stringify(Mountpoint)}, which is not in Podman's storage (${storage.join(", ")})`,
      next: "Check the volume with `podman volume inspect`.",
    });
  }

  /** Removes a volume that no container uses; missing is fine. */
  async remove(name: string): Promise<void> {
    const tried = `remove volume ${name}`;
    await this.#empty(name, tried);
    const reply = await this.#http.send({ tried, method: "DELETE", path: `/volumes/${name}` });
    if (reply.status >= 400 && reply.status !== 404) throw engineFailure(tried, reply.status, reply.text);
  }

  /** All volumes that carry these labels. */
  async list(labels: Readonly<Record<string, string>>): Promise<ListedVolume[]> {
    const reply = await this.#http.call({
      tried: "list volumes",
      method: "GET",
      path: "/volumes/json",
      query: { filters: labelFilters(labels) },
    });
    return volumesReply
      .parse(JSON.parse(reply.text))
      .map(({ Name, Labels }) => ({ name: Name, labels: Labels ?? {} }));
  }

  /**
   * Removes what is in a volume, and its directory. Podman follows a link that takes the place of a directory while it
   * removes that, and another session may hold a descriptor of the volume and put one there. rm never follows a link,
   * and nothing can be made in a directory that is removed.
   */
  async #empty(name: string, tried: string): Promise<void> {
    const reply = await this.#http.send({ tried, method: "GET", path: `/volumes/${name}/json` });
    if (reply.status === 404) return;
    if (reply.status >= 400) throw engineFailure(tried, reply.status, reply.text);
    const { Mountpoint } = volumeReply.parse(JSON.parse(reply.text));
    const run = await this.#podman(["unshare", "rm", "-rf", "--", Mountpoint], EMPTY_LIMIT_MS);
    if (run.kind === "ended" && run.exitCode === 0) return;
    throw new AgentdError("engine_failed", {
      tried,
      why: run.kind === "ended" ? lastLine(run.stderr) : `podman unshare is ${run.kind}`,
      next: "Check that `podman unshare true` works as the daemon's user.",
    });
  }

  async #exists(name: string): Promise<boolean> {
    const reply = await this.#http.send({
      tried: `look for volume ${name}`,
      method: "GET",
      path: `/volumes/${name}/exists`,
    });
    return reply.status < 400;
  }
}
