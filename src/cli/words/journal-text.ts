/** The journal of a session as a table. */
import type { JournalEntry } from "../../audit/format/journal.ts";
import { AgentdError } from "../../errors.ts";
import { renderTable, type TableSpace } from "../terminal/table.ts";
import { spanText } from "./time-text.ts";

const TIMELINE = ["TIME", "AFTER", "STATE", "EVENT", "DETAILS"];

/** @param journal the error when it cannot be read. */
export function journalText(journal: readonly JournalEntry[] | AgentdError, space: TableSpace): string {
  if (journal instanceof AgentdError) return `The journal is not shown: ${journal.message}`;
  const beginMs = Date.parse(journal[0]?.time ?? "");
  return renderTable(
    TIMELINE,
    journal.map((entry) => eventRow(entry, beginMs)),
    space,
  );
}

/** Fields of a line that only hold the journal together. */
const LINKS = ["seq", "prev"];

function eventRow({ time, state, event, ...details }: JournalEntry, beginMs: number): string[] {
  const told = Object.entries(details).filter(([name, value]) => !LINKS.includes(name) && !isNothing(value));
  return [
    time,
    `+${spanText(Date.parse(time) - beginMs)}`,
    state,
    event ?? "",
    told.map(([name, value]) => `${name}=${detailText(value)}`).join(" "),
  ];
}

function isNothing(value: unknown): boolean {
  return value === null || value === undefined || (Array.isArray(value) && value.length === 0);
}

function detailText(value: unknown): string {
  return typeof value === "string" && !value.includes(" ") ? value : JSON.stringify(value);
}
