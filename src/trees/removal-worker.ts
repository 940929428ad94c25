/** The script of a worker that removes one large tree and then ends. */
import { type MessagePort, parentPort, workerData } from "node:worker_threads";
import { sentence } from "../errors.ts";
import { removeTreeNow } from "./remove-tree.ts";

/** What a `Remover` gives its worker. */
export interface RemovalJob {
  readonly directory: string;
}

/** What comes back: how many entries are removed, at once and every so often; at the end whether all are. */
export type RemovalReport =
  { readonly entries: number } | { readonly isGone: true } | { readonly failure: string };

/** Between two reports of how far the removal has come. */
const REPORT_MS = 1_000;

function serve(port: MessagePort, { directory }: RemovalJob): void {
  const report = (message: RemovalReport): void => port.postMessage(message);
  let reported = -REPORT_MS;
  try {
    removeTreeNow(directory, (entries) => {
      if (performance.now() - reported >= REPORT_MS) {
        reported = performance.now();
        report({ entries });
      }
      return true;
    });
    report({ isGone: true });
  } catch (error) {
    // As text: an error may hold what cannot go between threads.
    report({ failure: sentence(error) });
  }
}

if (parentPort !== null) serve(parentPort, workerData as RemovalJob);
