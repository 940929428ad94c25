/**
 * The script of the worker that seals records, several in turns, and removes the small trees that sessions leave. A
 * program of its own, because its start is part of the first session's end: it imports nothing that it does not need.
 */
import { type MessagePort, parentPort, workerData } from "node:worker_threads";
import { sentence } from "../../errors.ts";
import type { SessionDocument } from "../../session-document.ts";
import { removeTreeNow } from "../../trees/remove-tree.ts";
import { Attester, type AttesterSettings } from "./attest.ts";
import { sealRecord, type SealRequest } from "./seal.ts";

/** What `Sealer` posts. */
export type SealJob =
  | { readonly job: number; readonly request: SealRequest }
  /** A tree to remove, unless it has more than so many entries. */
  | { readonly job: number; readonly directory: string; readonly entryLimit: number };

/** The answers, in any order. */
export type SealAnswer =
  | { readonly job: number; readonly document: SessionDocument }
  | { readonly job: number; readonly isGone: boolean }
  | { readonly job: number; readonly failure: string };

async function answer(message: SealJob, attester: Attester): Promise<SealAnswer> {
  const { job } = message;
  try {
    if ("request" in message) return { job, document: await sealRecord(message.request, attester) };
    const { directory, entryLimit } = message;
    return { job, isGone: removeTreeNow(directory, (entries) => entries < entryLimit) };
  } catch (error) {
    // As text: an error may hold what cannot go between threads.
    return { job, failure: sentence(error) };
  }
}

function serve(port: MessagePort, attester: Attester): void {
  port.on("message", (message: SealJob) => {
    void answer(message, attester).then((reply) => port.postMessage(reply));
  });
  attester.prepare();
}

if (parentPort !== null) serve(parentPort, new Attester(workerData as AttesterSettings));
