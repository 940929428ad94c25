/** `[[sinks]]`: where the whole feed of events goes. */
import * as z from "zod";
import { always, type Context, daemonVariable, isTable, path } from "../profile/rules/field-rules.ts";
import type { SinkSettings } from "../sinks/sink.ts";

const MOST_SINKS = 20;
const WAYS = ["file", "url", "url_source", "journald"] as const;

const writtenSink = z
  .strictObject({
    file: path()
      .optional()
      .describe("File to append to, one JSON object a line; it may be rotated at any time."),
    url: z
      .string()
      .refine(
        isPlainUrl,
        "must be an http or https URL without a user and a password: url_source keeps those secret",
      )
      .optional()
      .describe("Address to post CloudEvents to, in batches."),
    url_source: daemonVariable()
      .optional()
      .describe("Variable in credentials.env with such an address, where it is a secret."),
    journald: z
      .literal(true, "must be true, or left out")
      .optional()
      .describe("If true, events go to the journal of systemd.")
      .meta({ type_in_words: "boolean" }),
  })
  .superRefine(isOneWay, always);

export function sinksSchema() {
  return z
    .array(writtenSink)
    .max(MOST_SINKS, `must have at most ${MOST_SINKS} sinks`)
    .default([])
    .superRefine(areDifferent, always)
    .describe("Where every event goes, too: one [[sinks]] for each.");
}

/** From what was written, which has passed the rules. @param fromFile makes a path absolute. */
export function toSink(
  { file, url, url_source: source }: z.output<typeof writtenSink>,
  fromFile: (path: string) => string,
): SinkSettings {
  if (file !== undefined) return { kind: "file", path: fromFile(file) };
  if (url !== undefined) return { kind: "url", url };
  return source === undefined ? { kind: "journald" } : { kind: "url_source", source };
}

function isOneWay(sink: unknown, context: Context): void {
  if (!isTable(sink)) return;
  const ways = WAYS.filter((way) => sink[way] !== undefined);
  if (ways.length === 1) return;
  const message =
    ways.length === 0 ? `must have one of ${WAYS.join(", ")}` : `must not have ${ways.join(" and ")}`;
  context.addIssue({ code: "custom", message });
}

/** Two that are the same would write everything twice. */
function areDifferent(sinks: unknown, context: Context): void {
  if (!Array.isArray(sinks)) return;
  const seen = new Set<string>();
  for (const [index, sink] of sinks.entries()) {
    const text = JSON.stringify(sink);
    if (seen.has(text))
      context.addIssue({ code: "custom", path: [index], message: "another sink is already the same" });
    seen.add(text);
  }
}

function isPlainUrl(text: string): boolean {
  if (!URL.canParse(text)) return false;
  const { protocol, username, password } = new URL(text);
  return (protocol === "https:" || protocol === "http:") && username === "" && password === "";
}
