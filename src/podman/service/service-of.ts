import { join } from "node:path";
import type { Environment } from "../../environment.ts";
import type { Logger } from "../../log.ts";
import { type EngineService, ExternalService } from "./engine-service.ts";
import { ServiceProcess, type ServiceProcessOptions } from "./service-process.ts";

/** The service that these options of the engine mean. */
export function serviceOf({
  externalSocket,
  runtimeDirectory,
  environment,
  onHealth,
  log,
}: {
  readonly externalSocket?: string | undefined;
  readonly runtimeDirectory: string;
  readonly environment: Environment;
  readonly onHealth?: ServiceProcessOptions["onHealth"];
  readonly log: Logger;
}): EngineService {
  if (externalSocket !== undefined) return new ExternalService(externalSocket);
  return new ServiceProcess({
    socketPath: join(runtimeDirectory, "podman.sock"),
    recordPath: join(runtimeDirectory, "podman-service.json"),
    environment,
    onHealth,
    log,
  });
}
