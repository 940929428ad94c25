import { parentPort } from "node:worker_threads";
import { runSealWorker } from "../../../src/audit/seal-worker.ts";

if (parentPort !== null) runSealWorker(parentPort);
