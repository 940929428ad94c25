/** The OCI runtimes that a profile may name, as Podman names them. */
export const RUNTIMES = ["crun", "runc", "krun", "runsc"] as const;
