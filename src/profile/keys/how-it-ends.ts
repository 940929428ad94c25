/** How the end of a profile's command is understood, beyond the exit codes that agentd knows. */
import * as z from "zod";
import { SAID_OUTCOMES } from "../../outcome.ts";
import { plain } from "./key.ts";

/** A longer beginning would not fit a line that a person reads. */
const MOST_CHARACTERS = 100;
const CODE_RULE = "must be an exit code from 1 to 125";

const SAID = z.enum(SAID_OUTCOMES);

export const HOW_IT_ENDS = {
  exit_codes: plain(
    "exitCodes",
    z.record(z.string(), SAID).readonly().default({}),
    z
      .record(z.string().regex(/^(?:[1-9]|[1-9]\d|1[01]\d|12[0-5])$/, CODE_RULE), SAID)
      .default({})
      .meta({
        description: 'Outcomes of exit codes of the command, such as 41 = "usage_error".',
        type_in_words: "table of strings",
      }),
  ),
  blocked_line: plain(
    "blockedLine",
    z.string().optional(),
    z
      .string()
      .min(1, "must not be empty")
      .max(MOST_CHARACTERS, `must have at most ${MOST_CHARACTERS} characters`)
      .regex(/^[^\p{Cc}]*$/u, "control characters are refused")
      .regex(/^\S/, "must not begin with a space")
      .optional()
      .describe(
        "Beginning of a line with which a command that exits with 0 says that it is blocked; the rest is the cause.",
      ),
  ),
};
