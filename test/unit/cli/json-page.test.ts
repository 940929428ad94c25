import { Command } from "commander";
import { describe, expect, it } from "vitest";
import * as z from "zod";
import { reloadSchema } from "../../../src/api/methods.ts";
import { printedScheduleSchema } from "../../../src/api/schedule-view.ts";
import { statusSchema } from "../../../src/api/status.ts";
import { COMMANDS } from "../../../src/cli/command-table.ts";
import { LAUNCH_STAGES, OUTCOMES, runExitCode } from "../../../src/outcome.ts";
import { profileViewSchema } from "../../../src/profile/view.ts";
import { scheduleEventSchema, SKIP_REASONS } from "../../../src/scheduler/events.ts";
import { SESSION_STATES, sessionViewSchema } from "../../../src/session-document.ts";
import { workSchema } from "../../../src/work-fields.ts";
import { codeWords, page, sections, tableRows } from "../../kit/markdown.ts";

const text = page("json.md");
const described = sections(text, 2);
const rowsOf = (heading: string): string[][] => tableRows(described.get(heading) ?? "");

type JsonSchema = z.core.JSONSchema.BaseSchema;

/** Field, type and whether it may be null, as the page says it. */
function fieldsOf(schema: z.ZodType): string[][] {
  const { properties = {}, required = [] } = z.toJSONSchema(schema);
  expect(required).toEqual(Object.keys(properties));
  return Object.entries(properties).map(([field, value]) => {
    const types = typesOf(value as JsonSchema);
    return [
      field,
      types.filter((type) => type !== "null").join(" or "),
      types.includes("null") ? "yes" : "no",
    ];
  });
}

function typesOf({ anyOf, type, const: constant }: JsonSchema): string[] {
  if (anyOf !== undefined) return anyOf.flatMap((option) => typesOf(option));
  if (Number.isInteger(constant)) return ["integer"];
  return [type ?? "any"].flat();
}

describe("the page on JSON", () => {
  it("describes every field of a session with its type and whether it may be null", () => {
    const rows = rowsOf("A session").filter((row) => row.length === 4);
    expect(rows.map((row) => row.slice(0, 3))).toEqual(fieldsOf(sessionViewSchema));
  });

  it("describes every number of its work in the same way", () => {
    expect(rowsOf("The work of a session").map((row) => row.slice(0, 3))).toEqual(fieldsOf(workSchema));
  });

  it("describes every field of the status in the same way", () => {
    expect(rowsOf("Status").map((row) => row.slice(0, 3))).toEqual(fieldsOf(statusSchema));
  });

  it("describes every field of a profile in the same way", () => {
    expect(rowsOf("A profile").map((row) => row.slice(0, 3))).toEqual(fieldsOf(profileViewSchema));
  });

  it("describes every field of a reload in the same way", () => {
    expect(rowsOf("A reload").map((row) => row.slice(0, 3))).toEqual(fieldsOf(reloadSchema));
  });

  it("describes every field of a schedule in the same way", () => {
    expect(rowsOf("A schedule").map((row) => row.slice(0, 3))).toEqual(fieldsOf(printedScheduleSchema));
  });

  it("lists every event of schedules with its fields, and every reason for a skip", () => {
    const rows = rowsOf("Events of schedules");
    const events = scheduleEventSchema.options.map(({ shape }) => {
      const { time: _time, seq: _seq, event, profile: _profile, name: _name, ...fields } = shape;
      return [event.value, event.value === "state" ? [] : Object.keys(fields)];
    });
    expect(
      rows
        .filter((row) => row.length === 3)
        .map(([event, fields = ""]) => [event, fields.split(", ").filter(Boolean)]),
    ).toEqual(events);
    expect(rows.filter((row) => row.length === 2).map(([reason]) => reason)).toEqual(
      Object.keys(SKIP_REASONS),
    );
  });

  it("names every command that has --json, and none that has not", () => {
    const listed = [...text.matchAll(/^\| `agentd (.+?)(?: --detach| --all)? --json` \|/gm)].map(
      ([, name]) => name,
    );
    const withJson = COMMANDS.flatMap(({ name, define }) => {
      const command = new Command(name);
      define(command, () => undefined);
      return command.options.some(({ long }) => long === "--json") ? [name] : [];
    });
    expect([...new Set(listed)].sort()).toEqual(withJson.sort());
  });

  it("lists every outcome with what run exits with", () => {
    const rows = rowsOf("A session").filter((row) => row.length === 2);
    expect(rows.map(([outcome]) => outcome)).toEqual(OUTCOMES);
    const numbers = rows.filter(([, exit = ""]) => /^\d+$/.test(exit));
    expect(numbers).toHaveLength(OUTCOMES.length - 2);
    for (const [outcome, exit] of numbers) {
      const known = OUTCOMES.find((name) => name === outcome) ?? "success";
      expect([outcome, runExitCode({ outcome: known, exit_code: Number(exit) })]).toEqual([
        outcome,
        Number(exit),
      ]);
    }
  });

  it("lists every state and every stage", () => {
    const section = described.get("A session") ?? "";
    const state = rowsOf("A session").find(([field]) => field === "state");
    for (const name of SESSION_STATES) expect(state?.at(-1)).toContain(name);
    const stages = section.split("\n\n").find((part) => part.startsWith("`stage`")) ?? "";
    expect(codeWords(stages)).toEqual(["stage", ...LAUNCH_STAGES]);
  });
});
