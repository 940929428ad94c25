/** Snapshots of a terminal as one SVG that plays them: no script in it, so that a page may show it as an image. */

/** @typedef {import("./screen.mjs").Snapshot} Snapshot */

const CHARACTER = { width: 8.4, height: 19 };
const EDGE = 16;
/** How long the last snapshot stays. */
const REST_MS = 6000;
/** No snapshot is shown for less; those in between are left out. */
const LEAST_MS = 60;

/**
 * @param {readonly Snapshot[]} snapshots
 * @param {{ columns: number, rows: number }} size
 * @returns {string}
 */
export function svgOf(snapshots, { columns, rows }) {
  const frames = thinned(snapshots);
  const totalMs = (frames.at(-1)?.atMs ?? 0) + REST_MS;
  const width = Math.round(columns * CHARACTER.width + 2 * EDGE);
  const height = rows * CHARACTER.height + 2 * EDGE;
  const shown = frames.map(({ lines, atMs }, place) => {
    const untilMs = frames[place + 1]?.atMs ?? totalMs;
    // Where nothing moves, the last one is shown.
    const still = place === frames.length - 1 ? ";visibility:visible" : "";
    return `<g class="f" style="animation-name:f${place}${still}">${textOf(lines)}</g>${keyframes(place, atMs, untilMs, totalMs)}`;
  });
  return `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" viewBox="0 0 ${width} ${height}">
<title>A session of agentd in a terminal</title>
<style>
text{font:14px ui-monospace,SFMono-Regular,Menlo,Consolas,"DejaVu Sans Mono",monospace;fill:#e6edf3;white-space:pre}
.b{font-weight:bold}
.f{visibility:hidden;animation:${totalMs}ms step-end infinite}
@media (prefers-reduced-motion:reduce){.f{animation:none}}
</style>
<rect width="100%" height="100%" rx="8" fill="#0d1117"/>
${shown.join("\n")}
</svg>
`;
}

/** The last of several that follow at once. @param {readonly Snapshot[]} snapshots */
function thinned(snapshots) {
  return snapshots.filter(({ atMs, lines }, place) => {
    const next = snapshots[place + 1];
    const isSame = place > 0 && JSON.stringify(snapshots[place - 1]?.lines) === JSON.stringify(lines);
    return !isSame && (next === undefined || next.atMs - atMs >= LEAST_MS);
  });
}

/** @param {number} place @param {number} fromMs @param {number} untilMs @param {number} totalMs */
function keyframes(place, fromMs, untilMs, totalMs) {
  const percent = (/** @type {number} */ ms) => `${((100 * ms) / totalMs).toFixed(3)}%`;
  const before = fromMs === 0 ? "" : "0%{visibility:hidden}";
  const after = untilMs >= totalMs ? "" : `${percent(untilMs)}{visibility:hidden}`;
  return `<style>@keyframes f${place}{${before}${percent(fromMs)}{visibility:visible}${after}}</style>`;
}

/** @param {Snapshot["lines"]} lines */
function textOf(lines) {
  return lines
    .map((runs, row) => {
      const spans = runs.map(({ text, colour, bold }) => {
        const attributes = (colour === undefined ? "" : ` fill="${colour}"`) + (bold ? ' class="b"' : "");
        return attributes === "" ? escaped(text) : `<tspan${attributes}>${escaped(text)}</tspan>`;
      });
      const y = EDGE + (row + 1) * CHARACTER.height - 5;
      return runs.length === 0
        ? ""
        : `<text x="${EDGE}" y="${y}" xml:space="preserve">${spans.join("")}</text>`;
    })
    .join("");
}

/** @param {string} text */
function escaped(text) {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");
}
