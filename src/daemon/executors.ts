/** Two executors as one: sessions on this host, and sessions on other machines. */
import { isPlacedRef, type PlacedExecutor } from "../placed/placed-executor.ts";
import type { Profile } from "../profile/profile.ts";
import type { Executor } from "../sessions/port/executor.ts";

type Parts<K extends keyof Executor> = Executor[K] extends (...args: infer A) => unknown ? A : never;
/** Either has all that is asked of both. */
type Either = Omit<Executor, "kept" | "foresee" | "publishWork" | "releaseWork">;

/** By the profile of a session, or by the ref of what was made for it. */
export class Executors implements Executor {
  readonly #local: Executor;
  readonly #placed: PlacedExecutor;

  constructor(local: Executor, placed: PlacedExecutor) {
    this.#local = local;
    this.#placed = placed;
  }

  /** Nothing of a placed session is kept: its profile cannot ask for it. */
  get kept(): Executor["kept"] {
    return this.#local.kept;
  }

  readonly prepare = (...args: Parts<"prepare">) => this.#of(args[0]).prepare(...args);
  readonly wait = (...args: Parts<"wait">) => this.#at(args[0]).wait(...args);
  readonly peaks = (...args: Parts<"peaks">) => this.#at(args[0]).peaks(...args);
  readonly activity = (...args: Parts<"activity">) => this.#of(args[0]).activity(...args);
  readonly signal = (...args: Parts<"signal">) => this.#at(args[0]).signal(...args);
  readonly adopt = (...args: Parts<"adopt">) => this.#of(args[0]).adopt(...args);
  readonly followNetwork = (...args: Parts<"followNetwork">) => this.#of(args[0]).followNetwork(...args);
  readonly reasonOfFailure = (...args: Parts<"reasonOfFailure">) =>
    this.#of(args[0]).reasonOfFailure(...args);
  readonly closeNetwork = (...args: Parts<"closeNetwork">) => this.#of(args[0]).closeNetwork(...args);
  readonly endProcesses = (...args: Parts<"endProcesses">) => this.#of(args[0]).endProcesses(...args);
  readonly exportWork = (...args: Parts<"exportWork">) => this.#of(args[0]).exportWork(...args);
  readonly publishWork = (...args: Parts<"publishWork">) => this.#local.publishWork(...args);
  readonly releaseWork = (...args: Parts<"releaseWork">) => this.#local.releaseWork(...args);
  readonly release = (...args: Parts<"release">) => this.#of(args[0]).release(...args);
  readonly examine = (...args: Parts<"examine">) => this.#at(args[0].ref).examine(...args);
  readonly exec = (...args: Parts<"exec">) => this.#of(args[0]).exec(...args);
  readonly pause = (...args: Parts<"pause">) => this.#at(args[0]).pause(...args);
  readonly resume = (...args: Parts<"resume">) => this.#at(args[0]).resume(...args);
  readonly usage = (...args: Parts<"usage">) => this.#at(args[0]).usage(...args);
  readonly diskUse = (...args: Parts<"diskUse">) => this.#at(args[1]).diskUse(...args);

  foresee(job: Parameters<Executor["foresee"]>[0]): void {
    if (job.profile.placement === "local") this.#local.foresee(job);
  }

  async list(): ReturnType<Executor["list"]> {
    return [...(await this.#local.list()), ...(await this.#placed.list())];
  }

  async sweep(...args: Parts<"sweep">): Promise<void> {
    await this.#local.sweep(...args);
    await this.#placed.sweep(...args);
  }

  #of({ profile }: { readonly profile: Pick<Profile, "placement"> }): Either {
    return profile.placement === "local" ? this.#local : this.#placed;
  }

  #at(ref: string): Either {
    return isPlacedRef(ref) ? this.#placed : this.#local;
  }
}
