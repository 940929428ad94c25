import type { Status } from "../api/methods.ts";
import type { EngineHost } from "../podman/host/host-features.ts";

/** What this host's engine is and can do, as `agentd status` and the log show it. */
export function engineStatus(host: EngineHost): Status["engine"] {
  return {
    version: host.version,
    api_version: host.apiVersion,
    runtime: host.ociRuntime,
    cgroup_version: host.cgroupVersion,
    cgroup_manager: host.cgroupManager,
    controllers: host.controllers,
    enforceable_limits: Object.entries(host.enforceable).flatMap(([limit, can]) => (can ? [limit] : [])),
    selinux: host.selinux,
    storage_driver: host.storageDriver,
    network_backend: host.networkBackend,
    private_network: host.privateNetwork,
    subordinate_uids: host.subordinate.uids,
    subordinate_gids: host.subordinate.gids,
    warnings: host.warnings,
  };
}
