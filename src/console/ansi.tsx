/** Colours of a line that a program has printed: text nodes with classes, never markup. */
import { createAnsiSequenceParser } from "ansi-sequence-parser";

/** The text of a line; a colour ends with its line. */
export function Ansi({ text }: { readonly text: string }) {
  const parser = createAnsiSequenceParser();
  return (
    <>
      {parser.parse(text).map(({ value, foreground, decorations }) => {
        const colour =
          foreground?.type === "named" ? `c-${foreground.name.replace("bright", "").toLowerCase()}` : "";
        const bold = decorations.has("bold") ? " bold" : "";
        return colour + bold === "" ? value : <span class={colour + bold}>{value}</span>;
      })}
    </>
  );
}
