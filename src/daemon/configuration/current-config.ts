import { type Config, findProfile } from "../../config/config.ts";
import type { Profile } from "../../profile/profile.ts";

/** The configuration in use. Code that needs a value that may change asks here each time. */
export class CurrentConfig {
  #config: Config;
  #loadedTimestamp: string;

  /** @param loadedTimestamp when it was read. */
  constructor(config: Config, loadedTimestamp: string) {
    this.#config = config;
    this.#loadedTimestamp = loadedTimestamp;
  }

  get config(): Config {
    return this.#config;
  }

  get loadedTimestamp(): string {
    return this.#loadedTimestamp;
  }

  /** The profile of that name; undefined when there is none. */
  profile(name: string): Profile | undefined {
    return findProfile(this.#config, name);
  }

  /** Replaces the configuration in use. */
  replace(config: Config, loadedTimestamp: string): void {
    this.#config = config;
    this.#loadedTimestamp = loadedTimestamp;
  }
}
