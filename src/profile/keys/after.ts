/** What runs on this host after a profile's sessions. */
import * as z from "zod";
import { argument, type Context } from "../rules/field-rules.ts";
import { plain } from "./key.ts";

const MOST_PROGRAMS = 10;

const keptAfter = z.strictObject({ command: z.array(z.string()).readonly() }).readonly();

const writtenAfter = z.strictObject({
  command: z
    .array(argument())
    .min(1, "must have at least one element, the program to run")
    .superRefine(programRule)
    .describe("Program and arguments, run on this host without a shell; the record's path is added."),
});

export const AFTER = {
  after: plain(
    "after",
    z.array(keptAfter).readonly().default([]),
    z
      .array(writtenAfter)
      .max(MOST_PROGRAMS, `must not be more than ${MOST_PROGRAMS} programs`)
      .default([])
      .describe("Programs to run on this host when the record of a session is sealed, in this order."),
  ),
};

function programRule([program]: readonly string[], context: Context): void {
  if (program === undefined || (program !== "" && !program.startsWith("-"))) return;
  context.addIssue({ code: "custom", path: [0], message: "must be a program: not empty and not an option" });
}
