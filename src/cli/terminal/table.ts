/** Aligned tables for people. */
import { type Colour, coloured } from "./colours.ts";
import { printable } from "./printable.ts";
import { shortened, widthOf } from "./text-width.ts";

/** A text, in a colour where the output has them. */
export type Cell = string | { readonly text: string; readonly colour: Colour | undefined };

/** What is known of where a table goes; see `Output`. */
export interface TableSpace {
  /** Longest line; undefined means that nothing is shortened. */
  readonly columns?: number | undefined;
  readonly hasColours?: boolean | undefined;
}

export interface TableOptions {
  /** The header of the column that is shortened first, and left out where there is no room for it. */
  readonly givesWay?: string | undefined;
}

interface LaidOutCell {
  readonly text: string;
  readonly colour: Colour | undefined;
}

const GAP = "  ";

/** No column is made narrower than this. */
const MIN_SHORTENED = 8;

/** Smallest width of the column that is shortened first; below it, the column is left out. */
const MIN_GIVING_WAY = 16;

/**
 * Lays out rows in left-aligned columns under their headers, one line each and no space at a line's end.
 * What the cells say is made printable here. Where lines would be too long, the widest columns are shortened, but never
 * the first one: that is what the row is about.
 */
export function renderTable(
  headers: readonly string[],
  rows: readonly (readonly Cell[])[],
  { columns, hasColours = false }: TableSpace = {},
  { givesWay }: TableOptions = {},
): string {
  const cells = [headers, ...rows].map((row) => row.map(readCell));
  const widths = headers.map((_, column) =>
    // Not `Math.max(...)`: a table can have more rows than a call takes arguments.
    cells.reduce((widest, row) => Math.max(widest, widthOf(row[column]?.text ?? "")), 0),
  );
  const giving = headers.findIndex((header) => header === givesWay);
  const others = lineWidth(widths) - (widths[giving] ?? 0);
  const hasNoRoom =
    columns !== undefined && giving !== -1 && isLeftOut(widths[giving] ?? 0, columns - others);
  if (hasNoRoom) {
    const without = <T>(row: readonly T[]): T[] => row.filter((_, column) => column !== giving);
    return renderTable(without(headers), rows.map(without), { columns, hasColours });
  }
  const yielded = widths.map((width, column) =>
    column === giving ? Math.min(width, (columns ?? Infinity) - others) : width,
  );
  const fitting = columns === undefined ? widths : fit(yielded, columns);
  return cells.map((row) => renderRow(row, fitting, hasColours)).join("\n");
}

function readCell(cell: Cell): LaidOutCell {
  const { text, colour } = typeof cell === "string" ? { text: cell, colour: undefined } : cell;
  return { text: printable(text), colour };
}

/** Takes from the widest columns, one of the terminal's at a time, what is too much for one line. */
function fit(widths: readonly number[], columns: number): number[] {
  const fitting = [...widths];
  let excess = lineWidth(fitting) - columns;
  for (; excess > 0; excess -= 1) {
    const widest = Math.max(...fitting.slice(1));
    if (widest <= MIN_SHORTENED) break;
    fitting[fitting.lastIndexOf(widest)] = widest - 1;
  }
  return fitting;
}

function lineWidth(widths: readonly number[]): number {
  return widths.reduce((sum, width) => sum + width, GAP.length * (widths.length - 1));
}

function isLeftOut(width: number, room: number): boolean {
  return room < Math.min(width, MIN_GIVING_WAY);
}

function renderRow(row: readonly LaidOutCell[], widths: readonly number[], hasColours: boolean): string {
  const filled = row.findLastIndex(({ text }) => text !== "");
  return row
    .slice(0, filled + 1)
    .map(({ text, colour }, column) => {
      const width = widths[column] ?? 0;
      const shown = shortened(text, width);
      const padding = column === filled ? "" : " ".repeat(width - widthOf(shown));
      return (hasColours ? coloured(shown, colour) : shown) + padding;
    })
    .join(GAP);
}
