/** Sizes in words for people; programs get bytes in JSON. */

const UNITS = ["B", "KiB", "MiB", "GiB", "TiB"];
const STEP = 1024;

/** A size in its largest unit: `512 B`, `1.5 KiB`, `20 MiB`. */
export function sizeText(bytes: number): string {
  const power = Math.min(Math.floor(Math.log(Math.max(bytes, 1)) / Math.log(STEP)), UNITS.length - 1);
  const size = bytes / STEP ** power;
  return `${size >= 10 || power === 0 ? Math.floor(size) : size.toFixed(1)} ${UNITS[power] ?? ""}`;
}

/** A number and its noun, such as `1 file` or `2 files`. */
export function countText(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? "" : "s"}`;
}
