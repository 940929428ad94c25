/** The script of the worker that copies one directory into a session's workspace. */
import { type MessagePort, parentPort, workerData } from "node:worker_threads";
import { systemCode } from "../errors.ts";
import { type CopiedTree, copyDirectory, type CopyRequest, NotCopied } from "./copy-directory.ts";

/** What comes back: how far it is, every so often; at the end the result, or why there is none. */
export type CopyReport =
  | { readonly files: number; readonly bytes: number }
  | { readonly copied: CopiedTree }
  | { readonly failure: string };

/** Between two reports of how far the copy has come. */
const REPORT_MS = 500;

function serve(port: MessagePort, request: CopyRequest): void {
  const report = (message: CopyReport): void => port.postMessage(message);
  let reported = performance.now();
  try {
    const copied = copyDirectory(request, (files, bytes) => {
      if (performance.now() - reported < REPORT_MS) return;
      reported = performance.now();
      report({ files, bytes });
    });
    report({ copied });
  } catch (error) {
    report({ failure: error instanceof NotCopied ? error.message : (systemCode(error) ?? String(error)) });
  }
}

if (parentPort !== null) serve(parentPort, workerData as CopyRequest);
