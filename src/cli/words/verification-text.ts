/** Verifications in words. */
import type { VerificationOfAll, VerifiedRecord } from "../../audit/verify/verify-all.ts";
import { printable } from "../terminal/printable.ts";
import { countText } from "./size-text.ts";

/** One record: the verdict, and below it what is wrong. */
export function verifiedText({ session_id: id, record, status, files, problems }: VerifiedRecord): string {
  const covered = status === "verified" ? `, ${countText(files, "file")}` : "";
  const verdict = `${wordsOf(status)}: session ${id}${covered}, ${printable(record)}`;
  return [verdict, ...problems.map(({ path, problem }) => `  ${path}: ${printable(problem)}`)].join("\n");
}

/** All records: those that are not verified, what is wrong with the chain, and a summary with the chain's head. */
export function allVerifiedText({ status, counts, records, chain }: VerificationOfAll): string {
  const kinds = ["verified", "incomplete", "altered", "unknown_key", "pruned"] as const;
  const summary = kinds
    .filter((kind) => kind === "verified" || counts[kind] > 0)
    .map((kind) => `${counts[kind]} ${wordsOf(kind)}`)
    .join(", ");
  return [
    ...records.map(verifiedText),
    ...chain.problems.map(({ line, problem }) => `chain.jsonl: line ${line}: ${printable(problem)}`),
    `${wordsOf(status)}: ${summary}`,
    `chain: ${countText(chain.statements, "statement")}, head ${chain.head === null ? "none" : `sha256:${chain.head}`}`,
  ].join("\n");
}

function wordsOf(verdict: string): string {
  return verdict.replace("_", " ");
}
