import type { Payload } from "../credentials/payload.ts";
import { AgentdError } from "../errors.ts";
import type { BeginOptions } from "../sessions/port/executor.ts";
import { inStage } from "../sessions/port/launch-stage.ts";
import type { Gate } from "./ports.ts";

/**
 * Opens the gate of a prepared container: hands over what the launcher waits for, which starts the command.
 *
 * @throws LaunchError when the launcher never reads: the image's shell does not work.
 */
export async function openGate(
  gate: Gate,
  payload: Payload,
  { signal, ended, onFirstByte }: BeginOptions,
): Promise<void> {
  const gone = new AbortController();
  const giveUp = (): void => gone.abort(launcherGone());
  ended.then(giveUp, giveUp);
  await inStage("start", () =>
    gate.open(payload, { signal: AbortSignal.any([signal, gone.signal]), onFirstByte }),
  );
}

function launcherGone(): AgentdError {
  return new AgentdError("launcher_failed", {
    tried: "start the session's command",
    why: "the container ended before its /bin/sh read the credentials",
    next: "Read the session's output with `agentd logs`, and check that the image has a working /bin/sh.",
  });
}
