/** What redaction is, written as simply and slowly as it can be said. */
import { MOST_LINE_ENDS } from "../../../src/redaction/fingerprints.ts";

const isLineEnd = (byte: number | undefined): boolean => byte === 0x0a || byte === 0x0d;

/** Where a form ends that begins at `start`; undefined: it does not. Line ends between its bytes do not count. */
function endOf(text: Buffer, start: number, form: Buffer): number | undefined {
  let at = start;
  for (const byte of form) {
    let lineEnds = 0;
    while (at > start && isLineEnd(text[at])) {
      at += 1;
      lineEnds += 1;
    }
    if (lineEnds > MOST_LINE_ENDS || text[at] !== byte) return undefined;
    at += 1;
  }
  return at;
}

/** The text with `[NAME]` for each form, from left to right, the longest first. */
export function slowlyRedacted(
  text: Buffer,
  forms: readonly { readonly name: string; readonly form: Buffer }[],
): { readonly text: Buffer; readonly values: number } {
  const shown: Buffer[] = [];
  let values = 0;
  const longestFirst = [...forms].sort((one, other) => other.form.length - one.form.length);
  for (let at = 0; at < text.length;) {
    const found = longestFirst
      .map(({ name, form }) => ({ name, end: endOf(text, at, form) }))
      .find(({ end }) => end !== undefined);
    const end = found?.end ?? at + 1;
    const covered = text.subarray(at, end);
    if (found === undefined) shown.push(covered);
    else {
      values += 1;
      shown.push(Buffer.from(`[${found.name}]`), Buffer.from(covered.filter(isLineEnd)));
    }
    at = end;
  }
  return { text: Buffer.concat(shown), values };
}
