/** Reads the text of a file of variables as systemd reads an `EnvironmentFile=`. Pure. */
import { VARIABLE_NAME } from "./shell-names.ts";

/** What a text holds. */
export interface EnvironmentText {
  readonly variables: Readonly<Record<string, string>>;
  /** Numbers, from 1, of the lines without `NAME=value`; systemd skips them. */
  readonly faultyLines: readonly number[];
}

type State =
  | "before_name"
  | "comment"
  | "name"
  | "before_value"
  | "value"
  | "value_escape"
  | "single"
  | "double"
  | "double_escape";

const BLANK = /[ \t]/;
const END_OF_LINE = /[\n\r]/;

/** Between double quotes a backslash before one of these escapes it, and before any other character is itself. */
const ESCAPED_IN_DOUBLE_QUOTES = '"\\`$';

/**
 * `NAME=value` lines, the last of a name counts; comments begin with `#` or `;`. A value may be in single or double
 * quotes, which may span lines; outside of quotes blanks at its ends do not count, and a backslash takes the character
 * after it as it is, or joins the next line.
 */
export function parseEnvironmentText(text: string): EnvironmentText {
  const variables = new Map<string, string>();
  const faultyLines: number[] = [];
  let state: State = "before_name";
  let name = "";
  let value = "";
  /** How much of the value stays when the blanks at its end go. */
  let kept = 0;
  let line = 1;
  let nameLine = 1;

  const finish = (): void => {
    const trimmed = name.trimEnd();
    if (VARIABLE_NAME.test(trimmed)) variables.set(trimmed, state === "value" ? value.slice(0, kept) : value);
    else faultyLines.push(nameLine);
    state = "before_name";
  };
  const add = (character: string, isKept: boolean): void => {
    value += character;
    if (isKept) kept = value.length;
  };

  for (const character of text) {
    const endsLine = END_OF_LINE.test(character);
    switch (state) {
      case "before_name":
        if (endsLine || BLANK.test(character)) break;
        state = character === "#" || character === ";" ? "comment" : "name";
        [name, value, kept, nameLine] = [character, "", 0, line];
        break;
      case "comment":
        if (endsLine) state = "before_name";
        break;
      case "name":
        if (character === "=") state = "before_value";
        else if (endsLine) {
          faultyLines.push(nameLine);
          state = "before_name";
        } else name += character;
        break;
      case "before_value":
        if (endsLine) finish();
        else if (character === "'") state = "single";
        else if (character === '"') state = "double";
        else if (character === "\\") state = "value_escape";
        else if (!BLANK.test(character)) {
          state = "value";
          add(character, true);
        }
        break;
      case "value":
        if (endsLine) finish();
        else if (character === "\\") {
          state = "value_escape";
          kept = value.length;
        } else add(character, !BLANK.test(character));
        break;
      case "value_escape":
        state = "value";
        if (!endsLine) add(character, true);
        break;
      case "single":
        if (character === "'") state = "before_value";
        else add(character, true);
        break;
      case "double":
        if (character === '"') state = "before_value";
        else if (character === "\\") state = "double_escape";
        else add(character, true);
        break;
      case "double_escape":
        state = "double";
        if (ESCAPED_IN_DOUBLE_QUOTES.includes(character)) add(character, true);
        else if (character !== "\n") add(`\\${character}`, true);
        break;
    }
    if (character === "\n") line += 1;
  }
  if (state === "name") faultyLines.push(nameLine);
  else if (state !== "before_name" && state !== "comment") finish();
  return { variables: Object.fromEntries(variables), faultyLines };
}
