import type { NewEvent } from "../../events/event.ts";
import { EGRESS_FILE, egressLine } from "../../gateway/log/egress-line.ts";
import { ifThere } from "../../if-there.ts";
import { GrowingLines, type GrownLine } from "./growing-lines.ts";
import type { SessionPlace } from "./session-place.ts";

/** Hosts of a session that are told each for itself: a session may ask for as many as it likes. */
const MOST_HOSTS = 100;

/** What the log of a session's connections tells: the first denied one to each host. */
export class EgressEvents {
  readonly #place: SessionPlace;
  readonly #lines: GrowingLines;
  readonly #hosts = new Set<string>();

  constructor(place: SessionPlace, path: string) {
    this.#place = place;
    this.#lines = new GrowingLines(path);
  }

  async next(): Promise<NewEvent[]> {
    const lines = (await ifThere(this.#lines.next())) ?? [];
    return lines.flatMap((line) => this.#eventOf(line) ?? []);
  }

  #eventOf({ text, index }: GrownLine): NewEvent<"egress.denied"> | undefined {
    const line = parse(text);
    if (line?.verdict !== "denied") return undefined;
    const { time, host, port, rule } = line;
    if (this.#hosts.has(host) || this.#hosts.size >= MOST_HOSTS) return undefined;
    this.#hosts.add(host);
    const reason = "reason" in line ? line.reason : null;
    const data = { host, port, rule, reason };
    return { ...this.#place(EGRESS_FILE), time, source_seq: index, type: "egress.denied", data };
  }
}

function parse(text: string) {
  try {
    return egressLine.safeParse(JSON.parse(text)).data;
  } catch {
    return undefined; // Not JSON: a write was cut short.
  }
}
