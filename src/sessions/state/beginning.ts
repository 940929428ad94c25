import type { Ending } from "../../outcome.ts";
import type { PushedBranch } from "../port/publication.ts";
import type { EndOrder } from "./end-orders.ts";
import type { PauseTrail } from "./pauses.ts";

/** How far the publishing of a session's work had come. */
export interface PublishTrail {
  /** Whether it was done, or failed, or there was nothing to do. */
  readonly isDone: boolean;
  /** Undefined: nothing was pushed. */
  readonly pushed: PushedBranch | undefined;
}

export const NOTHING_PUBLISHED: PublishTrail = { isDone: false, pushed: undefined };

/** How far the keeping of what a session has left had come. */
export interface KeepTrail {
  /** Whether it was kept, or could not be. */
  readonly isDone: boolean;
  readonly isKept: boolean;
}

export const NOTHING_KEPT: KeepTrail = { isDone: false, isKept: false };

/** Where the life of a session begins in this daemon. `order`: it was ordered to end, by this or an earlier daemon. */
export type Beginning =
  /** In the queue, as it was accepted. */
  | { readonly at: "queue"; readonly order?: EndOrder | undefined }
  /** In the queue once more: an earlier daemon had begun to prepare it, and its remains are removed first. */
  | { readonly at: "queue_again"; readonly starts: number; readonly order?: EndOrder | undefined }
  /** Where it is prepared on another machine: what an earlier daemon had begun there goes on. */
  | { readonly at: "launch"; readonly order?: EndOrder | undefined }
  /** With its command, which an earlier daemon started. */
  | {
      readonly at: "command";
      readonly ref: string;
      /** What `Clock.uptime` showed when the gate opened. */
      readonly openedUptimeMs: number;
      /** False: whether the launcher got everything is not journaled. */
      readonly handedOver: boolean;
      /** Undefined: it was never paused. */
      readonly pauses?: PauseTrail | undefined;
      readonly order?: EndOrder | undefined;
    }
  /** At its end: what remains is to journal it where that was not done, to export, to tear down and to seal. */
  | {
      readonly at: "end";
      readonly ending: Ending;
      readonly endTimestamp: string | undefined;
      /** Whether its work was exported, or could not be. Undefined: neither. */
      readonly isExported?: boolean | undefined;
      /** Undefined: nothing of it was done. */
      readonly publishing?: PublishTrail | undefined;
      /** Undefined: nothing of it was done. */
      readonly keeping?: KeepTrail | undefined;
    };
