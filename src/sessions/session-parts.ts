import type { Logger } from "../log.ts";
import type { EndOrders } from "./end-orders.ts";
import type { SessionPlan } from "./plan.ts";
import type { OpenRecord } from "./ports.ts";
import type { ReleaseStack } from "./release-stack.ts";
import type { SessionHost } from "./session-host.ts";
import type { Standing } from "./standing.ts";

/** What the steps of one session share. */
export interface SessionParts {
  readonly host: SessionHost;
  readonly plan: SessionPlan;
  readonly record: OpenRecord;
  readonly standing: Standing;
  readonly orders: EndOrders;
  /** What is released at the session's end. */
  readonly resources: ReleaseStack;
  /** Aborted when the daemon leaves the session to the next one. */
  readonly leaving: AbortSignal;
  readonly log: Logger;
}
