/**
 * The environment of the Podman service: allowed names only, because the daemon's own holds the credentials, and an
 * inherited NOTIFY_SOCKET lets Podman declare itself the unit's main process.
 */
import type { Environment } from "../../environment.ts";

/** Every variable that the service may inherit. Proxy variables count in both cases. */
export const SERVICE_ENVIRONMENT = [
  "PATH",
  "HOME",
  "USER",
  "LOGNAME",
  "LANG",
  "LC_ALL",
  "TZ",
  "TMPDIR",
  "XDG_RUNTIME_DIR",
  "XDG_CONFIG_HOME",
  "XDG_DATA_HOME",
  "XDG_CACHE_HOME",
  "DBUS_SESSION_BUS_ADDRESS",
  "CONTAINERS_CONF",
  "CONTAINERS_CONF_OVERRIDE",
  "CONTAINERS_STORAGE_CONF",
  "CONTAINERS_REGISTRIES_CONF",
  "REGISTRY_AUTH_FILE",
  "HTTP_PROXY",
  "HTTPS_PROXY",
  "NO_PROXY",
  "ALL_PROXY",
  "http_proxy",
  "https_proxy",
  "no_proxy",
  "all_proxy",
  "SSL_CERT_FILE",
  "SSL_CERT_DIR",
] as const;

/** The allowed part of an environment. */
export function serviceEnvironment(environment: Environment): Record<string, string> {
  const allowed: Record<string, string> = {};
  for (const name of SERVICE_ENVIRONMENT) {
    const value = environment[name];
    if (value !== undefined) allowed[name] = value;
  }
  return allowed;
}
