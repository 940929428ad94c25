/** Usage as a table for spreadsheets. */
import type { UsageLine } from "../../web/words/page-answers.ts";

const COLUMNS = [
  "sessions",
  "requests",
  "refused",
  "input_tokens",
  "cached_tokens",
  "output_tokens",
  "usd",
  "has_unknown_cost",
] as const;

/** A cell that no spreadsheet takes for a formula. */
function cell(value: string): string {
  const plain = /^[=+\-@\t\r]/.test(value) ? `'${value}` : value;
  return /[",\n\r]/.test(plain) ? `"${plain.replaceAll('"', '""')}"` : plain;
}

/** The rows as CSV; an unknown cost is an empty cell. */
export function usageCsv(rows: readonly UsageLine[], by: "day" | "profile" | "model"): string {
  const lines = rows.map((row) => [
    cell(row[by] ?? ""),
    ...COLUMNS.map((column) => String(row[column] ?? "")),
  ]);
  return [[by, ...COLUMNS], ...lines].map((line) => `${line.join(",")}\r\n`).join("");
}
