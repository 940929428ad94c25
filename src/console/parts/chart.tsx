/** Bars by day, drawn by uPlot. */
import type { JSX } from "preact";
import { useEffect, useRef } from "preact/hooks";
import uPlot from "uplot";

export interface DayBar {
  /** Such as `2026-01-31`. */
  readonly day: string;
  /** Null: unknown, which is no bar. */
  readonly value: number | null;
}

const HEIGHT = 220;
const DAY_S = 86_400;

export function DayChart({
  bars,
  name,
  text,
}: {
  readonly bars: readonly DayBar[];
  readonly name: string;
  /** A value in words. */
  readonly text: (value: number) => string;
}): JSX.Element {
  const box = useRef<HTMLDivElement>(null);
  useEffect(() => {
    const root = box.current;
    if (root === null) return undefined;
    // A canvas takes no variables: the browser says what they are.
    const colourOf = (name: string): string => {
      root.style.color = `var(${name})`;
      return getComputedStyle(root).color;
    };
    const axis = {
      stroke: colourOf("--soft"),
      grid: { stroke: colourOf("--line"), width: 1 },
      ticks: { show: false },
      font: "12px sans-serif",
    };
    const paths = uPlot.paths.bars?.({ size: [0.7, 40] });
    const times = bars.map(({ day }) => Date.parse(`${day}T00:00:00Z`) / 1000);
    const chart = new uPlot(
      {
        width: root.clientWidth,
        height: HEIGHT,
        tzDate: (seconds) => uPlot.tzDate(new Date(seconds * 1000), "UTC"),
        legend: { show: false },
        cursor: { show: false },
        scales: {
          x: { range: [(times[0] ?? 0) - DAY_S / 2, (times.at(-1) ?? 0) + DAY_S / 2] },
          y: { range: (_chart, _least, most) => [0, Math.max(most, 0) * 1.1 || 1] },
        },
        axes: [
          {
            ...axis,
            size: 28,
            incrs: [DAY_S, 2 * DAY_S, 7 * DAY_S],
            values: (_chart, splits) => splits.map(dayText),
          },
          { ...axis, size: 64, values: (_chart, splits) => splits.map((value) => text(value)) },
        ],
        series: [
          {},
          {
            label: name,
            fill: colourOf("--accent"),
            width: 0,
            ...(paths === undefined ? {} : { paths }),
            points: { show: false },
          },
        ],
      },
      [times, bars.map(({ value }) => value)],
      root,
    );
    const watch = new ResizeObserver(() => chart.setSize({ width: root.clientWidth, height: HEIGHT }));
    watch.observe(root);
    return () => {
      watch.disconnect();
      chart.destroy();
    };
  }, [bars, name]);
  return <div class="chart" ref={box} role="img" aria-label={`${name} by day; the table has the numbers`} />;
}

function dayText(seconds: number): string {
  return new Date(seconds * 1000).toLocaleDateString([], { day: "numeric", month: "short", timeZone: "UTC" });
}
