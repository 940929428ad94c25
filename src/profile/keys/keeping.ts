/** Whether what a profile's sessions have left stays after their end. */
import * as z from "zod";
import { durationMs } from "../rules/durations.ts";
import { duration } from "../rules/field-rules.ts";
import { key, parsed, plain } from "./key.ts";

const KEEP = z.enum(["never", "on-failure", "always"]);

/** What plans without the key have had. */
const KEEP_FOR_MS = 86_400_000;

export const KEEPING = {
  keep: plain(
    "keep",
    KEEP.default("never"),
    KEEP.default("never").describe(
      "Which ended sessions keep their container and clone, for `agentd enter`: none, those that failed, or all.",
    ),
  ),
  keep_for: key(
    "keepForMs",
    duration().default("24h").describe("How long they are kept, from the end of the session on."),
    z.int().default(KEEP_FOR_MS),
    (written) => parsed(written, durationMs),
  ),
};
