/** Colours of a line that a program has printed: text nodes with classes and the DOM's styles, never markup. */
import { createAnsiSequenceParser } from "ansi-sequence-parser";

type Token = ReturnType<ReturnType<typeof createAnsiSequenceParser>["parse"]>[number];

/** What a control character does to a terminal that it has no business with. */

const CONTROLS =
  /\u001b(?:\][^\u0007\u001b]*(?:\u0007|\u001b\\)?|[P^_][^\u001b]*(?:\u001b\\)?|\[(?![\d;:]*m)[0-?]*[ -/]*[@-~]?|[ -Z\\-~])|[\u0000-\u0008\u000b-\u001a\u001c-\u001f\u007f]/g;

/** The text of a line; a colour ends with its line. */
export function Ansi({ text }: { readonly text: string }) {
  if (!hasControls(text)) return <>{text}</>;
  // A line that was drawn anew shows its last state, as a terminal does.
  const drawn = text.replace(/\r+$/, "").split("\r").at(-1) ?? "";
  return <>{createAnsiSequenceParser().parse(drawn.replace(CONTROLS, "")).map(coloured)}</>;
}

function hasControls(text: string): boolean {
  return /[\u0000-\u0008\u000b-\u001f\u007f]/.test(text);
}

function coloured({ value, foreground, background, decorations }: Token) {
  const classes = [...decorations].map((each) => `a-${each}`);
  const style: Record<string, string> = {};
  if (foreground?.type === "named") classes.push(`c-${foreground.name.replace("bright", "").toLowerCase()}`);
  else if (foreground !== null) style["color"] = colourOf(foreground);
  if (background !== null) {
    style["background"] = colourOf(background);
    if (foreground === null) style["color"] = "#fff";
  }
  return classes.length === 0 && background === null && foreground === null ? (
    value
  ) : (
    <span class={classes.join(" ")} style={style}>
      {value}
    </span>
  );
}

const NAMED = ["#555", "#c33", "#393", "#a70", "#36c", "#a3a", "#088", "#888"];
const NAMES = ["black", "red", "green", "yellow", "blue", "magenta", "cyan", "white"];

function colourOf(colour: NonNullable<Token["foreground"]>): string {
  if (colour.type === "rgb") return `rgb(${colour.rgb.join(" ")})`;
  if (colour.type === "named")
    return NAMED[NAMES.indexOf(colour.name.replace("bright", "").toLowerCase())] ?? "";
  const { index } = colour;
  if (index < 16) return NAMED[index % 8] ?? "";
  if (index > 231)
    return `rgb(${Array(3)
      .fill(8 + (index - 232) * 10)
      .join(" ")})`;
  const level = (part: number): number => (part === 0 ? 0 : 55 + part * 40);
  const cube = index - 16;
  return `rgb(${[Math.floor(cube / 36), Math.floor(cube / 6) % 6, cube % 6].map(level).join(" ")})`;
}
