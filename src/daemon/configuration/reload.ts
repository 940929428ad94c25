import type { Result } from "../../api/methods.ts";
import type { Config } from "../../config/config.ts";
import { AgentdError } from "../../errors.ts";
import type { DaemonTeller } from "../../events/daemon-teller.ts";
import type { Logger } from "../../log.ts";
import { type Enqueue, oneAtATime } from "../../one-at-a-time.ts";
import type { Profile } from "../../profile/profile.ts";
import type { Admission } from "../../sessions/queue/admission.ts";
import type { AdmissionLimits } from "../../sessions/queue/admission-order.ts";
import type { FreeSpace } from "../../sessions/queue/free-space.ts";
import { changesBetween, takeOver } from "./config-changes.ts";
import type { CredentialVariables } from "./credential-variables.ts";
import type { CurrentConfig } from "./current-config.ts";
import type { LoadedFiles } from "./loaded-files.ts";

/** What a new configuration changes in the daemon. */
export interface ReloadHost {
  readonly current: CurrentConfig;
  /** Reads a file and validates it; throws as `loadConfig` does. */
  readonly load: (file: string) => Promise<Config>;
  readonly credentials: Pick<CredentialVariables, "readAgain">;
  readonly files: Pick<LoadedFiles, "note">;
  readonly admission: Pick<Admission, "limitTo">;
  readonly freeSpace: Pick<FreeSpace, "look">;
  /** Follows the schedules of these profiles; throws AgentdError `state_unusable`, and nothing has changed then. */
  readonly followSchedules: (profiles: readonly Profile[]) => Promise<void>;
  /** Prepares the images of these profiles in the background. */
  readonly prepareImages: (profiles: readonly Profile[]) => void;
  /** Gives running sessions the keys of providers that have changed. */
  readonly rotateKeys: () => Promise<void>;
  /** Has notifications and sinks follow the new configuration. */
  readonly outletsChanged: () => void;
  /** Removes the containers that wait for sessions which would have others now. */
  readonly poolChanged: () => Promise<void>;
  /** Whether the daemon accepts no new sessions. */
  readonly isClosed: () => boolean;
  /** Wall clock, in milliseconds since the epoch. */
  readonly now: () => number;
  readonly log: Logger;
  /** Tells the feed of events what has come of it. */
  readonly tell: DaemonTeller["tell"];
}

/** Reads the configuration file and that of credentials again: all that may change takes effect, or nothing does. */
export class Reloading {
  readonly #host: ReloadHost;
  readonly #enqueue: Enqueue = oneAtATime();

  constructor(host: ReloadHost) {
    this.#host = host;
  }

  /**
   * Takes the files as they are now. Sessions that were accepted before keep the profile they were accepted with; those
   * that start from now on get the credentials as they are now.
   *
   * @throws AgentdError as `loadConfig` and `readCredentialsFile` do, `daemon_stopping` or `state_unusable`; nothing has
   * changed then.
   */
  async reload(): Promise<Result<"reload">> {
    return await this.#enqueue(async () => {
      try {
        return await this.#reload();
      } catch (error) {
        if (!(error instanceof AgentdError)) throw error;
        this.#host.tell("config.refused", { code: error.code, why: error.message });
        throw nothingChanged(error);
      }
    });
  }

  async #reload(): Promise<Result<"reload">> {
    const { current, credentials, files, admission, freeSpace, log, ...host } = this.#host;
    if (host.isClosed()) throw stopping();
    const before = current.config;
    const noted = await files.note();
    const read = await host.load(before.file);
    const takeCredentials = await credentials.readAgain();
    const config = takeOver(before, read);
    const changes = changesBetween(before, read);
    await host.followSchedules(config.profiles);
    const loadedTimestamp = new Date(host.now()).toISOString();
    current.replace(config, loadedTimestamp);
    const credentialsChanged = takeCredentials();
    noted();
    // A gateway that does not answer is replaced, and its successor gets the new keys.
    await host
      .rotateKeys()
      .catch((error: unknown) => log.error({ error }, "cannot give the gateway new keys"));
    host.outletsChanged();
    await host.poolChanged();
    await freeSpace.look();
    admission.limitTo(admissionLimits(config));
    const fresh = new Set([...changes.profiles_added, ...changes.profiles_changed]);
    host.prepareImages(config.profiles.filter(({ name }) => fresh.has(name)));
    // Names only; values are secret.
    const changed = { ...changes, credentials_changed: credentialsChanged };
    log.info({ config: config.file, ...changed }, "configuration reloaded");
    host.tell("config.reloaded", changed);
    return { config_file: config.file, loaded_timestamp: loadedTimestamp, ...changed };
  }
}

/** The limits that a configuration sets on admission. */
export function admissionLimits({ daemon, profiles, placement }: Config): AdmissionLimits {
  const { maxSessions, memoryBudgetBytes } = daemon;
  const limited = profiles.flatMap(({ name, maxSessions: limit }) =>
    limit === undefined ? [] : [[name, limit] as const],
  );
  return {
    ...{ maxSessions, memoryBudgetBytes, maxSessionsOf: new Map(limited) },
    maxPlaced: placement?.maxSessions,
  };
}

function stopping(): AgentdError {
  return new AgentdError("daemon_stopping", {
    tried: "read the configuration again",
    why: "the daemon is shutting down",
    next: "The next daemon reads the configuration when it starts.",
  });
}

function nothingChanged(error: AgentdError): AgentdError {
  const { code, message, next, details } = error;
  return new AgentdError(code, {
    tried: "reload the configuration, so nothing has changed",
    why: message,
    ...{ next, details, cause: error },
  });
}
