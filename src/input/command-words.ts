/** The words of a command that stand for what a run brings along. */

/** The values of one run; null where it has none. */
export interface RunValues {
  readonly request: string | null;
  readonly workUnit: string | null;
  readonly ref: string | null;
}

/** Each word, and the value that it stands for. */
const WORDS = {
  $AGENTD_REQUEST: "request",
  $AGENTD_WORK_UNIT: "workUnit",
  $AGENTD_REF: "ref",
} as const satisfies Record<string, keyof RunValues>;

/** The word that stands for the request. */
export const REQUEST_WORD = "$AGENTD_REQUEST";

export type RunWord = keyof typeof WORDS;

/** Whether an argument is one of the words. */
export function isRunWord(argument: string): argument is RunWord {
  return Object.hasOwn(WORDS, argument);
}

/** The words in a command that stand for a value which a run does not have. */
export function wordsWithout(
  command: readonly string[],
  has: Readonly<Record<keyof RunValues, boolean>>,
): RunWord[] {
  return command.filter(isRunWord).filter((word) => !has[WORDS[word]]);
}

/**
 * The command with the values of a run. Only an argument that is exactly one of the words is replaced: there is no other
 * expansion, so a value never becomes more than one argument.
 *
 * @throws Error when a value is missing.
 */
export function commandWith(command: readonly string[], values: RunValues): string[] {
  return command.map((argument) => {
    if (!isRunWord(argument)) return argument;
    const value = values[WORDS[argument]];
    if (value === null) throw new Error(`the run has no value for ${argument}`);
    return value;
  });
}
