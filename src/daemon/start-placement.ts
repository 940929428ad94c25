/** What the daemon needs for sessions on other machines. */
import { join } from "node:path";
import type { Config } from "../config/config.ts";
import type { Host } from "../config/paths.ts";
import { resolveCredentials, resolveToken, type VariableSource } from "../credentials/resolve.ts";
import type { Failpoints } from "../failpoints.ts";
import type { Logger } from "../log.ts";
import { PlacedExecutor } from "../placed/placed-executor.ts";
import type { PlacedCredentials } from "../placed/ports.ts";
import { ChannelLink } from "../placement/client/channel-link.ts";
import type { ReleaseStack } from "../release-stack.ts";
import type { Clock } from "../sessions/port/ports.ts";
import { SlurmPlacement } from "../slurm/slurm-placement.ts";
import { SlurmPrograms } from "../slurm/slurm-programs.ts";
import type { CurrentConfig } from "./configuration/current-config.ts";
import type { Places } from "./places.ts";
import { secretsOf, type SessionRedaction } from "./session-redaction.ts";

export interface PlacementHost {
  readonly current: CurrentConfig;
  readonly places: Places;
  readonly host: Host;
  /** The script of the channel. */
  readonly placement: string;
  readonly credentials: VariableSource;
  readonly redaction: Pick<SessionRedaction, "keep">;
  readonly clock: Clock;
  readonly daemon: { readonly version: string };
  readonly failpoints: Failpoints;
  readonly log: Logger;
  readonly resources: ReleaseStack;
}

/** The executor for other machines; undefined without `[placement]`. The channel starts with the first session. */
export function startPlacement(parts: PlacementHost): PlacedExecutor | undefined {
  const { current, places, host, clock, daemon, failpoints, log, resources } = parts;
  const settings = current.config.placement;
  if (settings === undefined) return undefined;
  const directory = join(places.state, "placement");
  const ofChannel = join(directory, "channel");
  const channel = new ChannelLink({
    script: parts.placement,
    socketPath: join(places.runtime, "channel.sock"),
    recordPath: join(places.runtime, "channel.json"),
    logPath: join(places.runtime, "channel.log"),
    directory: ofChannel,
    listen: listenWords(settings),
    environment: { PATH: host.env["PATH"] ?? "" },
    version: daemon.version,
    log,
  });
  const { monotonic } = clock;
  const executor = new PlacedExecutor({
    placement: new SlurmPlacement({ ...settings, programs: new SlurmPrograms(host.env), monotonic }),
    ...{ head: places.instance, channel, address: settings.address, directory },
    claimsOf: (sessionId) => join(ofChannel, "sessions", `${sessionId}.claims.jsonl`),
    credentials: placedCredentials(parts),
    limits: () => {
      const { recordLimitBytes, exportLimitBytes, minFreeBytes } = current.config.daemon;
      return { recordBytes: recordLimitBytes, exportBytes: exportLimitBytes, minFreeBytes };
    },
    ...{ version: daemon.version, monotonic, failpoints, log },
  });
  resources.defer("sessions on other machines", async () => channel.close(await executor.close()));
  return executor;
}

function listenWords({ listen: { host, port } }: NonNullable<Config["placement"]>): string {
  return host.includes(":") ? `[${host}]:${port}` : `${host}:${port}`;
}

function placedCredentials({ credentials, redaction }: PlacementHost): PlacedCredentials {
  return {
    valuesOf: ({ credentials: named, repoTokenSource }) => {
      // All of them can be handed over, or the session fails here and now.
      resolveCredentials(named, credentials);
      const token =
        repoTokenSource === undefined
          ? {}
          : { [repoTokenSource]: resolveToken(repoTokenSource, credentials) };
      const { current } = credentials;
      return { ...Object.fromEntries(named.map(({ source }) => [source, current[source] ?? ""])), ...token };
    },
    remember: async ({ sessionId, profile }) =>
      await redaction.keep(
        sessionId,
        secretsOf(resolveCredentials(profile.credentials, credentials), profile),
      ),
  };
}
