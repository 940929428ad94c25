/** Commands beside a session's own, in its container. */
import { sentence } from "../errors.ts";
import type { CommandOfJob } from "../sessions/port/executor.ts";
import type { ExecOptions } from "../sessions/port/live-job.ts";
import { sleepUntil } from "../sessions/port/sleep.ts";
import { handedOver, variablesOfRun } from "./handed-over.ts";
import type { LocalParts } from "./parts.ts";

/** How long a client may take from the answer until its command asks for its variables. */
const PATIENCE_MS = 60_000;

/** As `LiveJobs.exec`. */
export async function prepareExec(
  parts: LocalParts,
  job: CommandOfJob,
  { command, credentials, signal }: ExecOptions & { readonly signal: AbortSignal },
): Promise<readonly string[]> {
  const values = credentials ? handedOver(parts, job) : new Map<string, string>();
  const variables = new Map([...(await variablesOfRun(job)), ...values]);
  const gate = await parts.credentials.createExecGate(job.sessionId);
  await parts.failpoints.reach("exec_gate_made");
  void handOver(parts, job.sessionId, (over) =>
    gate.open({ variables, command }, AbortSignal.any([signal, over])),
  );
  return gate.argv;
}

async function handOver(
  { clock, log }: Pick<LocalParts, "clock" | "log">,
  session: string,
  open: (over: AbortSignal) => Promise<void>,
): Promise<void> {
  const late = new AbortController();
  const done = new AbortController();
  const until = { clock, signal: done.signal };
  void sleepUntil(clock.monotonic() + PATIENCE_MS, until).then((isLate) => isLate && late.abort());
  try {
    await open(late.signal);
  } catch (error) {
    log.warn({ session, why: sentence(error) }, "a command in a session did not get its variables");
  } finally {
    done.abort();
  }
}
