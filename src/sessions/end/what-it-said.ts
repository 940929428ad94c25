/** The outcome that a command reports in its own words: by an exit code that its profile explains, or by a line. */
import { type Ending, SAID_OUTCOMES } from "../../outcome.ts";
import type { Profile } from "../../profile/profile.ts";

/** Where a command says at its end that it is blocked. */
const LAST_LINES = 40;
const MOST_CAUSE_CHARACTERS = 500;

/** Escape sequences of a terminal, and other characters that no cause needs. */
const CONTROLS = /\x1b\[[\d;:?]*[A-Za-z]|\p{Cc}/gu;
/** What a model puts around a line to emphasize it. */
const EMPHASIS = /^[\s*_`>]+|[\s*_`]+$/g;

/**
 * The ending of a session with what its profile says about exit codes and lines. An end that was ordered, and one by
 * a signal, stays as it is. Asked again with its own result, it gives the same.
 *
 * @param lastPrinted what the command printed last on its standard output; asked only where it matters.
 */
export async function endingAsSaid(
  ending: Ending,
  { exitCodes, blockedLine }: Pick<Profile, "exitCodes" | "blockedLine">,
  lastPrinted: () => Promise<string>,
): Promise<Ending> {
  if (ending.exit_code === null || ending.signal !== null) return ending;
  if (ending.outcome === "success") {
    const cause = blockedLine === undefined ? undefined : whyBlocked(await lastPrinted(), blockedLine);
    return cause === undefined ? ending : { ...ending, outcome: "blocked", cause };
  }
  const said = exitCodes[String(ending.exit_code)];
  const isCommands = SAID_OUTCOMES.some((outcome) => outcome === ending.outcome);
  return said === undefined || !isCommands ? ending : { ...ending, outcome: said };
}

/** The rest of the last line that begins so, null where it has none; undefined when there is no such line. */
function whyBlocked(printed: string, beginning: string): string | null | undefined {
  const lines = printed.trimEnd().split("\n").slice(-LAST_LINES).map(plain);
  const line = lines.findLast((each) => each.startsWith(beginning));
  if (line === undefined) return undefined;
  return plain(line.slice(beginning.length)).slice(0, MOST_CAUSE_CHARACTERS) || null;
}

function plain(text: string): string {
  return text.replace(CONTROLS, "").replace(EMPHASIS, "");
}
