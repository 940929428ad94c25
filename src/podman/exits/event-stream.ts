/**
 * Podman's events as a hint: one stream for all containers of this instance, opened again whenever it ends.
 */
import { setTimeout as delay } from "node:timers/promises";
import * as z from "zod";
import type { Logger } from "../../log.ts";
import type { EngineService } from "../service/engine-service.ts";
import type { EngineHttp } from "../service/http.ts";

export interface EventStreamOptions {
  readonly http: EngineHttp;
  readonly service: EngineService;
  /** `name=value` of the label that the containers carry. */
  readonly label: string;
  /** Called with the id of a container that has ended or been removed. */
  readonly onContainer: (containerId: string) => void;
  /** Called when events may have been missed: a stream has been opened. */
  readonly onOpened: () => void;
  readonly log: Logger;
}

const eventLine = z.object({ Actor: z.object({ ID: z.string() }) });
const REOPEN_PAUSE_MS = 250;

export class EventStream {
  readonly #options: EventStreamOptions;
  readonly #closing = new AbortController();

  constructor(options: EventStreamOptions) {
    this.#options = options;
  }

  /** Follows the events until `close`. Never throws. */
  async follow(): Promise<void> {
    const signal = this.#closing.signal;
    while (!signal.aborted) {
      try {
        await this.#options.service.available(signal);
        await this.#readOne(signal);
      } catch (error) {
        this.#options.log.debug({ error }, "the event stream broke; opening it again");
      }
      await delay(REOPEN_PAUSE_MS, undefined, { signal }).catch(() => undefined); // Closed.
    }
  }

  close(): void {
    this.#closing.abort();
  }

  async #readOne(signal: AbortSignal): Promise<void> {
    const { http, label, onContainer, onOpened } = this.#options;
    const filters = { type: ["container"], event: ["died", "remove"], label: [label] };
    const lines = await http.stream({
      tried: "follow Podman's events",
      method: "GET",
      path: "/events",
      query: { stream: "true", filters: JSON.stringify(filters) },
      signal,
    });
    onOpened();
    for await (const line of lines) {
      const event = eventLine.safeParse(line);
      if (event.success) onContainer(event.data.Actor.ID);
    }
  }
}
