import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { schemaKeys } from "../../kit/schema-keys.ts";

const page = readFileSync(new URL("../../../docs/configuration.md", import.meta.url), "utf8");

/** The rows of the page's tables, each after the heading that it stands under. */
function documentedRows(): string[] {
  let table = "";
  return page.split("\n").flatMap((line) => {
    table = /^## `(.*)`$/.exec(line)?.[1] ?? table;
    return line.startsWith("| `") ? [`${table} ${line}`] : [];
  });
}

describe("docs/configuration.md", () => {
  const expected = schemaKeys().map(
    ({ table, key, type, default: value, meaning }) =>
      `${table} | \`${key}\` | ${type} | ${value} | ${meaning ?? "(no description)"} |`,
  );

  it.each(expected)("has the row %s", (row) => {
    expect(documentedRows()).toContain(row);
  });

  it("describes nothing that the schema does not have, and nothing twice", () => {
    expect(documentedRows().sort()).toEqual([...expected].sort());
  });

  it("describes every key in words", () => {
    expect(schemaKeys().filter(({ meaning }) => meaning === undefined)).toEqual([]);
  });
});
