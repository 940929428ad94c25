/**
 * What of the daemon's environment stays in `process.env`, from which any library may start a program: nothing that could
 * be a credential. The daemon itself goes by the copy that it takes before.
 */

/** What programs need to run at all, and where the service manager listens. */
const KEPT = new Set([
  "PATH",
  "HOME",
  "USER",
  "LOGNAME",
  "LANG",
  "LC_ALL",
  "TZ",
  "TMPDIR",
  "XDG_RUNTIME_DIR",
  "NOTIFY_SOCKET",
]);

/** Takes every variable out of an environment that a child need not have. */
export function keepForChildren(environment: NodeJS.ProcessEnv): void {
  for (const name of Object.keys(environment)) {
    if (!KEPT.has(name)) Reflect.deleteProperty(environment, name);
  }
}
