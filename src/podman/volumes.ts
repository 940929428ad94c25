/** The life of volumes through the API. */
import { engineFailure } from "./engine-failure.ts";
import type { EngineHttp } from "./http.ts";
import { labelFilters } from "./label-filters.ts";
import { volumesReply } from "./replies.ts";

/** A volume in a listing. */
export interface ListedVolume {
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
}

export class Volumes {
  readonly #http: EngineHttp;

  constructor(http: EngineHttp) {
    this.#http = http;
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

  /** Removes a volume that no container uses; missing is fine. */
  async remove(name: string): Promise<void> {
    const tried = `remove volume ${name}`;
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

  async #exists(name: string): Promise<boolean> {
    const reply = await this.#http.send({
      tried: `look for volume ${name}`,
      method: "GET",
      path: `/volumes/${name}/exists`,
    });
    return reply.status < 400;
  }
}
