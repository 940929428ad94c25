/** Runners that their engine has told to end, until it is clear what that means. */
import type { Failpoints } from "../failpoints.ts";
import type { ChannelConnection, ChannelStatus } from "./channel/control.ts";
import { judgeTold } from "./judge-told.ts";
import type { JobRef, Observation } from "./placement.ts";

type Told = NonNullable<ChannelStatus["told"]>;

export interface ToldRunnersOptions {
  readonly channel: Pick<ChannelConnection, "call">;
  /** How long a request to the channel may hang. */
  readonly answerMs: number;
  readonly failpoints?: Failpoints | undefined;
}

/** Engines kill a job half a minute after they have told it to end: by then the command has to be over. */
const LONGEST_GRACE_MS = 15_000;

export class ToldRunners {
  readonly #options: ToldRunnersOptions;
  /** By session: what was asked about, and what was judged. */
  readonly #asked = new Map<string, string>();
  readonly #judged = new Map<string, string>();

  constructor(options: ToldRunnersOptions) {
    this.#options = options;
  }

  /** The jobs that the engine has to be asked about, and whether it was asked about all of them before. */
  toAsk(statuses: readonly ChannelStatus[]): { readonly jobs: readonly JobRef[]; readonly isNew: boolean } {
    const open = statuses.flatMap((status) => {
      const told = this.#unjudged(status);
      return told === undefined ? [] : [{ session: status.session, told }];
    });
    const isNew = open.some(({ session, told }) => this.#asked.get(session) !== inKey(told));
    for (const { session, told } of open) this.#asked.set(session, inKey(told));
    return { jobs: open.map(({ told }) => ({ name: told.job })), isNew };
  }

  /** Orders the session to end where somebody wants it. @param graceMs how long its command may take to end. */
  async judge(
    status: ChannelStatus,
    graceMs: number,
    observed: ReadonlyMap<string, Observation> | undefined,
  ): Promise<void> {
    const { session } = status;
    const told = this.#unjudged(status);
    const observation = told && observed?.get(told.job);
    if (told === undefined || observation === undefined) return;
    const verdict = judgeTold(told.ran_ms, observation);
    if (verdict.kind === "later") return;
    if (verdict.kind === "order") {
      const order = { grace_ms: Math.min(graceMs, LONGEST_GRACE_MS), cause: verdict.why };
      await this.#options.channel.call("stop", { session, ...order }, this.#options.answerMs);
      await this.#options.failpoints?.reach("told_ordered");
    }
    this.#judged.set(session, inKey(told));
  }

  /** A channel that was started anew does not know its orders any more; of a session that has ended, nothing is kept. */
  forget(session: string): void {
    this.#asked.delete(session);
    this.#judged.delete(session);
  }

  #unjudged({ session, told, collected }: ChannelStatus): Told | undefined {
    if (told === null || collected !== null) return undefined;
    return this.#judged.get(session) === inKey(told) ? undefined : told;
  }
}

function inKey({ job, ran_ms: ranMs }: Told): string {
  return `${job} ${ranMs}`;
}
