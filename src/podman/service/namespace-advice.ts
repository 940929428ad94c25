/** The fix when Podman cannot use its user namespace, or its database. */

/** Makes Podman's namespace anew: with the user's current ids, and without a pause process that is gone. */
export const RENEW_NAMESPACE = "podman system migrate";

/**
 * Podman 4.3 stops at the number of a pause process that is dead, before any command, `system migrate` included. The file
 * is where Podman keeps it unless `tmp_dir` names another place.
 */
const FORGET_PAUSE_PROCESS = `rm -f "$XDG_RUNTIME_DIR/libpod/tmp/pause.pid" && ${RENEW_NAMESPACE}`;

/** Podman 6 asks for it where it finds the database of an older release. */
const MOVE_DATABASE = `${RENEW_NAMESPACE} --migrate-db`;

/** The command that fixes the error which Podman reported; undefined where it is not about these. */
export function namespaceFix(said: string): string | undefined {
  if (said.includes("cannot re-exec process to join the existing user namespace"))
    return FORGET_PAUSE_PROCESS;
  if (said.includes(MOVE_DATABASE)) return MOVE_DATABASE;
  return said.includes(RENEW_NAMESPACE) ? RENEW_NAMESPACE : undefined;
}

/** The same as a sentence of an error. */
export function namespaceAdvice(said: string): string | undefined {
  const command = namespaceFix(said);
  return command && `Run \`${command}\` as this user, then try again.`;
}
