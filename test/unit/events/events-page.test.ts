import { describe, expect, it } from "vitest";
import * as z from "zod";
import { EVENT_DATA, EVENT_TYPES, feedEventSchema } from "../../../src/events/event.ts";
import { page, sections, tableRows } from "../../kit/markdown.ts";

const text = page("events.md");
const rows = tableRows(sections(text, 2).get("Types") ?? "");

/** Names of fields, in brackets where they may be null. */
function fieldsOf(schema: z.ZodObject): string {
  const names = Object.entries(schema.shape).map(([name, field]) =>
    (field as z.ZodType).safeParse(null).success ? `[${name}]` : name,
  );
  return names.join(", ");
}

describe("the page on events", () => {
  it("describes every type and none that does not exist", () => {
    expect(rows.map(([type]) => type)).toEqual(EVENT_TYPES);
  });

  it.each(EVENT_TYPES)("describes the data of %s as it is", (type) => {
    const [, , data] = rows.find(([each]) => each === type) ?? [];
    expect(data).toBe(fieldsOf(EVENT_DATA[type]));
  });

  it("describes the fields of an event as they are", () => {
    const described = tableRows(sections(text, 2).get("As JSON") ?? "").map(([field]) => field);
    const { anyOf = [], oneOf = anyOf } = z.toJSONSchema(feedEventSchema) as Record<
      string,
      z.core.JSONSchema.JSONSchema[]
    >;
    expect(oneOf).toHaveLength(EVENT_TYPES.length);
    for (const { properties = {} } of oneOf) {
      expect(Object.keys(properties).sort()).toEqual([...described].sort());
    }
  });
});
