import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { ERROR_CODES } from "../../../src/errors.ts";

const page = readFileSync(new URL("../../../docs/errors.md", import.meta.url), "utf8");
const documented = new Map(
  [...page.matchAll(/^\| `(\w+)` \| (.+?) \| .+ \|$/gm)].map(([, code, meaning]) => [code, meaning]),
);

describe("docs/errors.md", () => {
  it.each(Object.entries(ERROR_CODES))("describes %s in the words of the registry", (code, meaning) => {
    expect(documented.get(code)).toBe(meaning);
  });

  it("describes no code that the registry does not have", () => {
    expect([...documented.keys()].filter((code) => !(code! in ERROR_CODES))).toEqual([]);
  });
});
