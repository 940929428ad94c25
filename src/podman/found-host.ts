/** What the engine is found to be when it starts, and the parts of the room that depend on it. */
import type { Environment } from "../environment.ts";
import { ContainerVerifier } from "./confinement/container-verifier.ts";
import { mostProcesses } from "./confinement/process-limit.ts";
import { writeSessionProfile } from "./confinement/seccomp-profile.ts";
import type { Containment } from "./containers/container-spec.ts";
import type { Containers } from "./containers/containers.ts";
import { type CreateContainer, KeptContainers } from "./containers/kept-containers.ts";
import { LiveContainers } from "./containers/live-containers.ts";
import type { Podman } from "./host/engine-report.ts";
import { type EngineHost, readEngineHost } from "./host/host-features.ts";
import { delegatedControllers, userManagerGroup } from "./host/user-manager-group.ts";
import { ImageProbe } from "./images/image-probe.ts";
import type { EngineHttp } from "./service/http.ts";

export interface FoundHost {
  readonly host: EngineHost;
  readonly containment: Containment;
  readonly probe: ImageProbe;
  readonly verifier: ContainerVerifier;
  readonly live: LiveContainers;
  readonly kept: KeptContainers;
  /** Undefined where the user has no service manager. */
  readonly managerGroup: string | undefined;
}

export interface FindingHost {
  /** Of a service that answers. */
  readonly http: EngineHttp;
  readonly containers: Containers;
  readonly podman: Podman;
  readonly create: CreateContainer;
  /** On every container of this instance. */
  readonly labels: Readonly<Record<string, string>>;
  readonly environment: Environment;
  /** The seccomp profile is written there. */
  readonly runtimeDirectory: string;
}

/** Asks the engine. @throws `engine_unavailable`, `engine_unsuitable`. */
export async function findHost(finding: FindingHost): Promise<FoundHost> {
  const { http, containers, podman, create, labels, environment, runtimeDirectory } = finding;
  const managerGroup = await userManagerGroup();
  const delegated = managerGroup === undefined ? [] : await delegatedControllers(managerGroup);
  const host = await readEngineHost(http, delegated);
  const containment = {
    seccompProfile: await writeSessionProfile(host.seccompProfile, runtimeDirectory),
    mostProcesses: await mostProcesses(),
  };
  const verifier = new ContainerVerifier({ containers, podman, host, containment });
  return {
    ...{ host, containment, verifier, managerGroup },
    probe: new ImageProbe(containers, host, containment, labels),
    live: new LiveContainers({
      ...{ containers, podman, managerGroup, environment },
      canFreeze: host.cgroupVersion === "v2",
    }),
    kept: new KeptContainers({
      ...{ http, containers, podman, create, host, containment, labels },
      verify: (id, request) => verifier.verifyCreated(id, request),
      verifyIds: (id) => verifier.verifyIds(id),
    }),
  };
}
