/**
 * The doctor's report as text: a block for each group, and below each warning or failure the command that fixes it.
 */
import type { FindingStatus } from "../../finding.ts";
import { type Colour, coloured } from "../terminal/colours.ts";
import { printable } from "../terminal/printable.ts";
import { countText } from "../words/size-text.ts";
import { type CheckResult, type DoctorReport, GROUPS } from "./check.ts";

const COLOURS: Readonly<Record<FindingStatus, Colour>> = { ok: "green", warning: "yellow", failure: "red" };

const INDENT = "  ";
const GAP = "  ";
const TO_FIX = "to fix";

export function doctorText(
  { checks, counts, network }: DoctorReport,
  { hasColours = false }: { readonly hasColours?: boolean },
): string {
  const statusWidth = Math.max(...checks.map(({ status }) => status.length));
  const nameWidth = Math.max(TO_FIX.length, ...checks.map(({ name }) => name.length));
  const line = ({ status, name, summary, fix }: CheckResult): string[] => {
    const padded = status.padEnd(statusWidth);
    const shown = hasColours ? coloured(padded, COLOURS[status]) : padded;
    const fixIndent = INDENT + " ".repeat(statusWidth) + GAP;
    return [
      `${INDENT}${shown}${GAP}${name.padEnd(nameWidth)}${GAP}${printable(summary)}`,
      ...(fix === null ? [] : [`${fixIndent}${TO_FIX.padEnd(nameWidth)}${GAP}${printable(fix)}`]),
    ];
  };
  const blocks = headings(checks).map(([heading, members]) => [heading, ...members.flatMap(line)].join("\n"));
  const tried = network
    ? []
    : ["Repositories were not checked: `agentd doctor --network` contacts their servers."];
  return [...blocks, [...tried, countsText(counts)].join("\n")].join("\n\n");
}

/** The checks under their headings, in the order in which groups are shown; each profile has a heading. */
function headings(checks: readonly CheckResult[]): [string, CheckResult[]][] {
  const byHeading = new Map<string, CheckResult[]>();
  for (const check of GROUPS.flatMap((group) => checks.filter((each) => each.group === group))) {
    const heading = check.profile === null ? check.group : `profile ${check.profile}`;
    const members = byHeading.get(heading);
    if (members === undefined) byHeading.set(heading, [check]);
    else members.push(check);
  }
  return [...byHeading];
}

function countsText({ failure, warning, ok }: DoctorReport["counts"]): string {
  return `${countText(failure, "failure")}, ${countText(warning, "warning")}, ${ok} ok`;
}
