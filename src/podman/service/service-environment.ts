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

/** The variables that decide where Podman keeps containers, and how it finds them. */
const STORAGE_ENVIRONMENT = [
  "HOME",
  "XDG_RUNTIME_DIR",
  "XDG_CONFIG_HOME",
  "XDG_DATA_HOME",
  "TMPDIR",
  "CONTAINERS_CONF",
  "CONTAINERS_CONF_OVERRIDE",
  "CONTAINERS_STORAGE_CONF",
] as const satisfies readonly (typeof SERVICE_ENVIRONMENT)[number][];

/** The part of an environment that another `podman` needs to find the same containers. */
export function storageEnvironment(environment: Environment): Record<string, string> {
  const found = STORAGE_ENVIRONMENT.map((name) => [name, environment[name]] as const);
  return Object.fromEntries(
    found.filter((pair): pair is typeof pair & [string, string] => pair[1] !== undefined),
  );
}

/** The environment of a `podman` that finds the containers of the daemon whose `storageEnvironment` this is. */
export function environmentForStorage(
  environment: Environment,
  storage: Readonly<Record<string, string>>,
): Record<string, string> {
  const own = Object.entries(serviceEnvironment(environment)).filter(
    ([name]) => !(STORAGE_ENVIRONMENT as readonly string[]).includes(name),
  );
  return { ...Object.fromEntries(own), ...storage };
}
