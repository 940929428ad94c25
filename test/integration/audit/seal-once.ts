/** Seals one record in a process of its own, which a test kills: `node seal-once.cjs '<SealRequest as JSON>'`. */
import { sealRecord, type SealRequest } from "../../../src/audit/seal.ts";

void sealRecord(JSON.parse(process.argv[2] ?? "") as SealRequest);
