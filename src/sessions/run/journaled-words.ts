/** More of a command is not journaled: a line is read as a whole. */
const JOURNALED_LENGTH = 4000;

/** A command as a journal, or a note, has it: cut where it is long. */
export function journaledWords(command: readonly string[]): string[] {
  let left = JOURNALED_LENGTH;
  const words: string[] = [];
  for (const word of command) {
    if (left <= 0) return [...words, "…"];
    words.push(word.length > left ? `${word.slice(0, left)}…` : word);
    left -= word.length;
  }
  return words;
}
