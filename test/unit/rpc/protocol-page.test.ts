import { describe, expect, it } from "vitest";
import * as z from "zod";
import { MAX_LIST_LENGTH } from "../../../src/api/limits.ts";
import { type MethodName, METHODS } from "../../../src/api/methods.ts";
import { ERROR_CODES } from "../../../src/errors.ts";
import { MAX_WAITS, PATIENCE } from "../../../src/rpc/connection.ts";
import { MAX_REQUEST_BYTES, PROTOCOL_VERSION, WIRE_CODES } from "../../../src/rpc/protocol.ts";
import { MAX_CONNECTIONS } from "../../../src/rpc/server.ts";
import { codeWords, page, sections, tableRows } from "../../kit/markdown.ts";

const text = page("protocol.md");
const words = text.replace(/\s+/g, " ");
const described = sections(text, 3);

/** The paragraph of a section that begins with a word. */
function paragraph(section: string, word: string): string {
  const found = section.split("\n\n").find((part) => part.startsWith(word));
  if (found === undefined) throw new Error(`no paragraph begins with ${word}`);
  return found;
}

describe("the page on the protocol", () => {
  it("describes every method and none that does not exist", () => {
    const headings = [...described.keys()].filter((heading) => heading.startsWith("`"));
    expect(headings).toEqual(Object.keys(METHODS).map((name) => `\`${name}\``));
  });

  it.each(Object.keys(METHODS) as MethodName[])("describes %s as it is", (name) => {
    const section = described.get(`\`${name}\``) ?? "";
    const { properties = {}, required = [] } = z.toJSONSchema(METHODS[name].params);
    expect(tableRows(section).map(([param, need]) => [param, need])).toEqual(
      Object.keys(properties).map((param) => [param, required.includes(param) ? "required" : "optional"]),
    );
    expect(codeWords(paragraph(section, "Errors:"))).toEqual(METHODS[name].errors);
  });

  it("names the result of hello field by field", () => {
    const section = described.get("`hello`") ?? "";
    expect(codeWords(paragraph(section, "Result:"))).toEqual(Object.keys(METHODS.hello.result.shape));
  });

  it("lists every number of an error and the code that goes with it", () => {
    const rows = tableRows(sections(text, 2).get("Errors") ?? "");
    const numbers = rows.map(([number]) => Number(number));
    expect(numbers.sort()).toEqual(Object.values(WIRE_CODES).sort());
    for (const [, code = ""] of rows) if (!code.includes(" ")) expect(ERROR_CODES).toHaveProperty(code);
  });

  it("tells the bounds that the server keeps", () => {
    expect(MAX_REQUEST_BYTES).toBe(1024 * 1024);
    expect(words).toContain("lines over 1 MiB");
    expect(words).toContain(`has to be whole ${PATIENCE.lineMs / 1000} seconds after it has begun`);
    expect(words).toContain(`does not read for ${PATIENCE.unreadMs / 1000} seconds`);
    expect(words).toContain(`at most ${MAX_CONNECTIONS} connections`);
    expect(words).toContain(`wait for ${MAX_WAITS} sessions`);
    expect(words).toContain(`the protocol has a version, ${PROTOCOL_VERSION},`);
    expect(words).toContain(`How many sessions at most: 1 to ${MAX_LIST_LENGTH}.`);
  });
});
