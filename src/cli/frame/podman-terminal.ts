/** Runs podman on the operator's own terminal, or on whatever the standard streams are. */
import { constants } from "node:os";
import { execa } from "execa";
import type { Environment } from "../../environment.ts";
import { AgentdError, sentence, systemCode } from "../../errors.ts";
import type { CliContext } from "./context.ts";

/** Where the containers are, as the daemon says it. */
export interface PodmanPlace {
  readonly podman_socket: string | null;
  readonly podman_environment: Readonly<Record<string, string>>;
}

/**
 * Runs podman to its end, with this process's standard streams. What a terminal sends goes to podman: signals from its
 * keys are its own.
 *
 * @param tried what this is for, as a phrase after "cannot".
 * @returns podman's exit code; of one that a signal ended, 128 and the signal's number.
 * @throws AgentdError `engine_unsuitable` where podman cannot be started.
 */
export async function runPodman(
  args: readonly string[],
  { tried, place, env }: { readonly tried: string; readonly place: PodmanPlace; readonly env: Environment },
  { onInterrupt }: Pick<CliContext, "onInterrupt">,
): Promise<number> {
  const { environmentForStorage } = await import("../../podman/service/service-environment.ts");
  const { podman_socket: socket, podman_environment: storage } = place;
  const remote = socket === null ? [] : ["--url", `unix://${socket}`];
  // Ctrl-C at a terminal that is not raw reaches podman, too: this process waits for what podman makes of it.
  const release = onInterrupt(() => undefined);
  try {
    const end = await execa("podman", [...remote, ...args], {
      env: environmentForStorage(env, storage),
      extendEnv: false,
      stdio: "inherit",
      reject: false,
    });
    if (end.exitCode !== undefined) return end.exitCode;
    if (end.signal !== undefined) return 128 + constants.signals[end.signal];
    throw new AgentdError("engine_unsuitable", {
      tried,
      why: systemCode(end.cause) === "ENOENT" ? "podman is not in PATH" : sentence(end.cause),
      next: "Check with `agentd doctor`.",
    });
  } finally {
    release();
  }
}
