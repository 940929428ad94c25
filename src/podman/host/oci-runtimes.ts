/** The OCI runtimes that Podman finds on this host. */
import { lastLine, type Podman } from "./engine-report.ts";

/** What Podman knows of a runtime. */
export type FoundRuntime =
  { readonly kind: "found"; readonly path: string } | { readonly kind: "missing"; readonly why: string };

/** The first question after a boot waits until Podman has looked through its storage. */
const LIMIT_MS = 60_000;

/** Looks for a runtime as Podman does: by its own list of places, and containers.conf's. Never throws. */
export async function findRuntime(podman: Podman, name: string): Promise<FoundRuntime> {
  const run = await podman(["--runtime", name, "info", "--format", "{{.Host.OCIRuntime.Path}}"], LIMIT_MS);
  if (run.kind === "missing") return { kind: "missing", why: "podman is not in PATH" };
  if (run.kind === "hung") return { kind: "missing", why: "podman info does not answer" };
  if (run.exitCode !== 0) return { kind: "missing", why: lastLine(run.stderr) };
  return { kind: "found", path: run.stdout.trim() };
}
