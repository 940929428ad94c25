import type { Logger } from "../log.ts";
import type { EndOrders } from "./end-orders.ts";
import type { Job } from "./executor.ts";
import type { SessionPlan } from "./plan.ts";
import type { OpenRecord } from "./ports.ts";
import type { SessionHost } from "./session-host.ts";
import type { Standing } from "./standing.ts";

/** What the steps of one session share. */
export interface SessionParts {
  readonly host: SessionHost;
  readonly plan: SessionPlan;
  readonly record: OpenRecord;
  readonly standing: Standing;
  readonly orders: EndOrders;
  /** What the executor is asked to run. */
  readonly job: Job;
  /** Aborted when the daemon leaves the session to the next one. */
  readonly leaving: AbortSignal;
  readonly log: Logger;
}
