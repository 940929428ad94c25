import type { SessionParts } from "../parts/session-parts.ts";

/**
 * Closes a session's network once its processes have ended, and puts into the record what it reached and used. Once in the life of
 * a session: the journal says that it was done.
 *
 * @throws what closing or journaling throws: it may be called again.
 */
export async function networkStage({
  host,
  job,
  record,
  standing,
  leaving,
}: Pick<SessionParts, "host" | "job" | "record" | "standing" | "leaving">): Promise<void> {
  if (record.document.egress !== null || record.document.llm !== null) return;
  leaving.throwIfAborted();
  const closed = await host.executor.closeNetwork(job);
  // A daemon that ends has left the gateway, and cannot tell what it would have said.
  leaving.throwIfAborted();
  if (closed === undefined) return;
  const { egress, llm, warnings } = closed;
  await standing.conclude("network_closed", { egress, llm, warnings }, { egress, llm });
}
