/** How many columns of a terminal a text takes: two for each character of Chinese, Japanese or Korean, and for most emoji. */
import stringWidth from "string-width";
import { isPlain } from "./printable.ts";

const ELLIPSIS = "…";

/** The columns of a text that is printable; see `printable`. */
export function widthOf(text: string): number {
  return isPlain(text) ? text.length : stringWidth(text);
}

/** The beginning of a text, in so many columns at most; what is cut off leaves an ellipsis. */
export function shortened(text: string, width: number): string {
  if (widthOf(text) <= width) return text;
  let kept = "";
  let room = width - widthOf(ELLIPSIS);
  // A character with its accents stays whole.
  for (const { segment } of new Intl.Segmenter().segment(text)) {
    room -= widthOf(segment);
    if (room < 0) break;
    kept += segment;
  }
  return `${kept}${ELLIPSIS}`;
}
