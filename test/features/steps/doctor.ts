import { expect } from "vitest";
import type { Rows, Topic } from "./topic.ts";

/** One condition as the doctor prints it: a line, and one below with what fixes it. */
const CONDITION = /^ {2}(ok|warning|failure) +(\S+) {2,}(.*)(?:\n +to fix {2,}(.*))?$/gm;

/** What the doctor has printed. */
export const DOCTOR: Topic = [
  {
    pattern: "the doctor finds:",
    run: (world, rows: Rows) => {
      const text = world.command.stdout.toString();
      const conditions = [...text.matchAll(CONDITION)].map(([, ...parts]) => parts);
      for (const [status, name, ...texts] of rows) {
        const [summary = "", fix = ""] = texts.map((each) => world.here(each));
        const found = conditions.some(
          ([itsStatus, itsName, itsSummary = "", itsFix = ""]) =>
            itsStatus === status &&
            itsName === name &&
            itsSummary.includes(summary) &&
            (fix === "" ? itsFix === "" : itsFix.includes(fix)),
        );
        expect(found, `${status} ${name}: ${summary} (${fix}) in\n${text}`).toBe(true);
      }
    },
  },
  {
    pattern: "its stdout ends with a line that counts {int} failures",
    run: (world, count: number) =>
      expect(world.command.stdout.toString()).toMatch(
        new RegExp(`\\n${count} failures, \\d+ warnings?, \\d+ ok\\n$`),
      ),
  },
];
