import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { beginningOf, type JsonDocument, numberText, textOf, valueOf } from "../../../src/llm/json/node.ts";
import { MAX_CHECKED, MAX_DEPTH, MAX_VALUES, parseJson } from "../../../src/llm/json/parse.ts";
import { JsonFault } from "../../../src/llm/json/scan.ts";
import { spliced, withMember } from "../../../src/llm/json/splice.ts";

function parsed(text: string, opaque: readonly string[] = []): JsonDocument {
  return parseJson(Buffer.from(text), (key) => opaque.includes(key));
}

/** What the document's nodes say, as JSON.parse would give it. */
function plain({ bytes, root }: JsonDocument): unknown {
  const value = (node: JsonDocument["root"] | ReturnType<typeof valueOf>): unknown => {
    if (node === undefined) return undefined;
    if (node.kind === "object") {
      const into: Record<string, unknown> = {};
      for (const member of node.members)
        Object.defineProperty(into, member.key, {
          value: value(member.value),
          enumerable: true,
          configurable: true,
          writable: true,
        });
      return into;
    }
    if (node.kind === "array") return node.items.map(value);
    if (node.kind === "string") return textOf(bytes, node);
    if (node.kind === "number") return Number(numberText(bytes, node));
    if (node.kind === "opaque") return JSON.parse(bytes.toString("utf8", node.start, node.end));
    return node.kind === "null" ? null : node.kind === "true";
  };
  return value(root);
}

describe("JSON with positions", () => {
  it("reads what JSON.parse reads", () => {
    const key = fc.string({ unit: "grapheme" }).filter((text) => !/[\p{Cc}\p{Cs}]/u.test(text));
    const { tree } = fc.letrec((tie) => ({
      tree: fc.oneof(
        { maxDepth: 4 },
        fc.string({ unit: "binary" }),
        fc.double({ noNaN: true, noDefaultInfinity: true }),
        fc.boolean(),
        fc.constant(null),
        fc.array(tie("tree")),
        fc.dictionary(key, tie("tree")),
      ),
    }));
    fc.assert(
      fc.property(fc.dictionary(key, tree), fc.constantFrom(0, 2), fc.boolean(), (value, indent, hides) => {
        const text = JSON.stringify(value, undefined, indent);
        const document = parseJson(Buffer.from(text), () => hides);
        expect(plain(document)).toEqual(JSON.parse(text));
      }),
    );
  });

  it.each([
    '{"a":1,}',
    "{'a':1}",
    '{"a":01}',
    '{"a":-01}',
    '{"a":1.}',
    '{"a":.5}',
    '{"a":+1}',
    '{"a":1e}',
    '{"a":-}',
    '{"a":NaN}',
    '{"a":nul}',
    '{"a":tru e}',
    '{"a":"\t"}',
    '{"a":"\\x41"}',
    '{"a":"\\u12g4"}',
    '{"a":"\\u12"}',
    '{"a":"b}',
    '{"a" 1}',
    '{"a":1 "b":2}',
    '{"a":[1,]}',
    '{"a":[1 2]}',
    '{"a":[1}',
    '{"a":{}',
    '{"a":1}}',
    '{"a":1} {}',
    '{,"a":1}',
    "{a:1}",
    '{"a":1/* */}',
    "[1]",
    '"a"',
    "",
    " ",
    '\uFEFF{"a":1}',
    '{"a\\u0000":1}',
    '{"max_\\ud800tokens":1}',
    '{"max_\\u007ftokens":1}',
  ])("refuses %s", (text) => {
    expect(() => parsed(text)).toThrow(JsonFault);
  });

  it.each([
    '{"parameters":{"a":[1,}}',
    '{"parameters":{"a" 1}}',
    '{"parameters":["\\q"]}',
    '{"parameters":{',
  ])("checks what it does not look into: %s", (text) => {
    expect(() => parsed(text, ["parameters"])).toThrow(JsonFault);
  });

  it("refuses bytes that are not UTF-8", () => {
    for (const bytes of [[0xff], [0xc0, 0xaf], [0xed, 0xa0, 0x80], [0xe2, 0x82]]) {
      const body = Buffer.concat([Buffer.from('{"a":"'), Buffer.from(bytes), Buffer.from('"}')]);
      expect(() => parseJson(body, () => false)).toThrow(JsonFault);
    }
  });

  it("has bounds for depth and number of values, also where it does not look into them", () => {
    const deep = (levels: number): string => `{"a":${"[".repeat(levels - 1)}${"]".repeat(levels - 1)}}`;
    expect(parsed(deep(MAX_DEPTH)).root.members).toHaveLength(1);
    expect(() => parsed(deep(MAX_DEPTH + 1))).toThrow(/levels/);
    expect(() => parsed(deep(1_000_000), ["a"])).toThrow(/levels/);
    const many = (values: number): string => `{"a":[${"0,".repeat(values - 1)}0]}`;
    expect(() => parsed(many(MAX_VALUES + 1))).toThrow(/values/);
    expect(parsed(many(MAX_VALUES + 1), ["a"]).root.members[0]?.value.kind).toBe("opaque");
    expect(() => parsed(many(MAX_CHECKED + 1), ["a"])).toThrow(/values/);
  });

  it("decodes the beginning of a string without the rest", () => {
    const document = parsed(`{"a":"\\u0064\\u0061ta\\u003a é😀${"x".repeat(10_000)}"}`);
    const node = valueOf(document.root, "a");
    expect(beginningOf(document.bytes, node, 5)).toBe("data:");
    expect(beginningOf(document.bytes, node, 9)).toBe("data: é😀");
  });
});

describe("a splice", () => {
  const key = fc.constantFrom("max_tokens", "a", "é", "model");

  it("leaves every other byte as it came", () => {
    fc.assert(
      fc.property(
        fc.dictionary(key, fc.jsonValue({ maxDepth: 2 })),
        fc.constantFrom(undefined, 1, "\t \n"),
        fc.nat(),
        (value, indent, cap) => {
          const before = Buffer.from(JSON.stringify(value, undefined, indent));
          const document = parseJson(before, () => false);
          const change = withMember(document.root, "max_tokens", String(cap));
          const after = spliced(document, [change]);
          const rest = before.length - change.end;
          expect(after.subarray(0, change.start)).toEqual(before.subarray(0, change.start));
          expect(after.subarray(after.length - rest)).toEqual(before.subarray(change.end));
          expect(after.length).toBe(change.start + Buffer.byteLength(change.text) + rest);
          // What was written: JSON has no -0, which `value` may have.
          const written = JSON.parse(before.toString()) as object;
          expect(JSON.parse(after.toString())).toEqual({ ...written, max_tokens: cap });
        },
      ),
    );
  });

  it("is refused where it overlaps another", () => {
    const document = parsed('{"a":123}');
    const change = withMember(document.root, "a", "1");
    expect(() => spliced(document, [change, change])).toThrow(RangeError);
  });
});
