/** What a terminal shows, as it changes: bytes in, snapshots of its screen out. */
import xterm from "@xterm/headless";

/** @typedef {{ text: string, colour: string | undefined, bold: boolean }} Run Characters that look the same. */
/** @typedef {{ atMs: number, lines: Run[][] }} Snapshot */

/** Of xterm's first sixteen colours. */
const COLOURS = [
  ...["#484f58", "#ff7b72", "#3fb950", "#d29922", "#58a6ff", "#bc8cff", "#39c5cf", "#b1bac4"],
  ...["#6e7681", "#ffa198", "#56d364", "#e3b341", "#79c0ff", "#d2a8ff", "#56d4dd", "#ffffff"],
];

export class Screen {
  #terminal;
  #atMs = 0;
  /** @type {Snapshot[]} */
  #snapshots = [];

  /** @param {{ columns: number, rows: number }} size */
  constructor({ columns, rows }) {
    this.#terminal = new xterm.Terminal({ cols: columns, rows, scrollback: 0, allowProposedApi: true });
  }

  /** Every change, the last one last. */
  get snapshots() {
    return this.#snapshots;
  }

  /**
   * Shows what a program has printed.
   *
   * @param {string | Uint8Array} data
   * @param {number} afterMs Since what was shown before.
   */
  async show(data, afterMs) {
    this.#atMs += afterMs;
    await new Promise((resolve) => this.#terminal.write(data, () => resolve(undefined)));
    this.#snapshots.push({ atMs: Math.round(this.#atMs), lines: this.#lines() });
  }

  #lines() {
    const { active } = this.#terminal.buffer;
    return Array.from({ length: this.#terminal.rows }, (_, row) => runsOf(active.getLine(row)));
  }
}

/**
 * @param {import("@xterm/headless").IBufferLine | undefined} line
 * @returns {Run[]}
 */
function runsOf(line) {
  /** @type {Run[]} */
  const runs = [];
  for (let column = 0; column < (line?.length ?? 0); column += 1) {
    const cell = line?.getCell(column);
    if (cell === undefined || cell.getWidth() === 0) continue;
    const text = cell.getChars() || " ";
    const colour = cell.isFgPalette() ? COLOURS[cell.getFgColor()] : undefined;
    const bold = cell.isBold() !== 0;
    const last = runs.at(-1);
    if (last !== undefined && last.colour === colour && last.bold === bold) last.text += text;
    else runs.push({ text, colour, bold });
  }
  const filled = runs.findLastIndex(({ text }) => text.trim() !== "");
  const shown = runs.slice(0, filled + 1);
  const last = shown.at(-1);
  if (last !== undefined) last.text = last.text.trimEnd();
  return shown;
}
