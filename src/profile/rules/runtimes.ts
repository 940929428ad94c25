/** The OCI runtimes that a profile may name, as Podman names them. */
export const RUNTIMES = ["crun", "runc", "krun", "runsc"] as const;

/** The one that starts no container with a label of SELinux. */
export const UNLABELLED_RUNTIME = "runsc";
