/** Seals one record in a process of its own, which a test kills: `node seal-once.cjs DIRECTORY '<SealRequest as JSON>'`. */
import type { SealRequest } from "../../../src/audit/seal/seal.ts";
import { sealIn } from "../../kit/record-document.ts";

void sealIn(process.argv[2] ?? "", JSON.parse(process.argv[3] ?? "") as SealRequest);
