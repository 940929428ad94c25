import type { Config } from "../config/config.ts";
import { INSTANCE_LABEL } from "../local/container-request.ts";
import type { Logger } from "../log.ts";
import { Engine } from "../podman/engine.ts";
import type { ComposeOptions } from "./daemon-options.ts";
import { engineStatus } from "./engine-status.ts";
import type { EventFeedParts } from "./feed/event-feed.ts";
import type { Places } from "./places.ts";

/** The engine of this daemon, which has answered; it is stopped with the daemon. @throws AgentdError as `Engine.start`. */
export async function startEngine(
  config: Config,
  places: Places,
  log: Logger,
  { host, resources, daemon }: ComposeOptions & Pick<EventFeedParts, "daemon">,
): Promise<Engine> {
  const engine = new Engine({
    environment: host.env,
    runtimeDirectory: places.runtime,
    externalSocket: config.daemon.podmanSocket,
    instanceLabel: { name: INSTANCE_LABEL, value: places.instance },
    onHealth: (why) => daemon.health("podman", why),
    log,
  });
  resources.defer("Podman service", () => engine.stop());
  await engine.start();
  log.info({ engine: engineStatus(engine.host) }, "engine found");
  for (const warning of engine.host.warnings) log.warn({ warning }, "engine warning");
  return engine;
}
