import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { Fingerprints } from "../../../src/redaction/fingerprints.ts";
import { formsOf } from "../../../src/redaction/forms.ts";
import { makeFingerprints } from "../../../src/redaction/make-fingerprints.ts";
import { RedactedStream } from "../../../src/redaction/redacted-stream.ts";
import { slowlyRedacted } from "./reference.ts";

const CASES = 10_000;

const TOKEN = "ghp_4fKq9ZsT1xYw7RbN";
const KEY =
  "-----BEGIN KEY-----\nMIIEvQIBADANBgkqhkiG9w0BAQEFAASC\nBKcwggSjAgEAAoIBAQ==\n-----END KEY-----\n";
const URLISH = "p@ss wörd/+&=~*'!";

const shown = (text: string, values: readonly (readonly [string, string])[] = [["TOKEN", TOKEN]]): string => {
  const stream = new RedactedStream(makeFingerprints(values));
  return Buffer.concat([stream.push(Buffer.from(text)), stream.end()]).toString();
};

describe("what is replaced", () => {
  it("is a value, also within a line and more than once", () => {
    expect(shown(`a ${TOKEN}b\n${TOKEN}${TOKEN}`)).toBe("a [TOKEN]b\n[TOKEN][TOKEN]");
  });

  it.each([0, 1, 2, 3, 4, 5])("is its base64 after %i other bytes, in both alphabets", (before) => {
    const odd = `${"\u00ff\u00fe\u00fb?>~".repeat(3)}${TOKEN}`;
    const encoded = Buffer.concat([Buffer.alloc(before, "x"), Buffer.from(odd), Buffer.from(":tail")]);
    for (const alphabet of ["base64", "base64url"] as const) {
      const text = shown(encoded.toString(alphabet), [["TOKEN", odd]]);
      expect(text).toContain("[TOKEN]");
      // What is left is the neighbours, and up to two characters that they share with the value.
      expect(text.length).toBeLessThan("[TOKEN]".length + Math.ceil((before * 8) / 6) + 12);
    }
  });

  it("is its base64 over lines of 76 characters", () => {
    const encoded = Buffer.from(`x${KEY}`).toString("base64").replaceAll(/.{40}/g, "$&\r\n");
    expect(shown(encoded, [["KEY", KEY]]).replaceAll(/[\r\n]/g, "").length).toBeLessThan(14);
  });

  it("is its form in a URL", () => {
    const forms = [
      encodeURIComponent(URLISH),
      encodeURIComponent(URLISH).toLowerCase().replace("%2f", "%2F").toLowerCase(),
      new URLSearchParams({ q: URLISH }).toString().slice(2),
    ];
    for (const form of forms) expect(shown(`?q=${form}&x`, [["PASS", URLISH]])).toBe("?q=[PASS]&x");
  });

  it("is a value of several lines, with its line ends left, also in a string of JSON", () => {
    expect(shown(`<${KEY}>`, [["KEY", KEY]])).toBe("<[KEY]\n\n\n\n>");
    expect(shown(JSON.stringify({ key: KEY }), [["KEY", KEY]])).toBe('{"key":"[KEY]"}');
  });

  it("is the longest of several values that begin alike", () => {
    const values = [
      ["SHORT", "abcdefgh"],
      ["LONG", "abcdefghij"],
    ] as const;
    expect(shown("abcdefghi abcdefghij", values)).toBe("[SHORT]i [LONG]");
  });

  it("is no value with seven bytes", () => {
    expect(
      shown("my 1234567 and 12345678", [
        ["SEVEN", "1234567"],
        ["EIGHT", "abcdefgh"],
      ]),
    ).toBe("my 1234567 and 12345678");
  });
});

describe("a stream that pauses", () => {
  it("gives out what is held back, and still replaces what follows", () => {
    const stream = new RedactedStream(makeFingerprints([["TOKEN", TOKEN]]));
    expect(stream.push(Buffer.from("Name: ")).toString()).toBe("");
    expect(stream.canRelease).toBe(true);
    expect(stream.release().toString()).toBe("Name: ");
    expect(stream.canRelease).toBe(false);
    expect(stream.push(Buffer.from(TOKEN.slice(0, 4))).toString()).toBe("");
    expect(stream.release().toString()).toBe(TOKEN.slice(0, 4));
    expect(stream.push(Buffer.from(TOKEN.slice(4, 12))).toString()).toBe("");
    // Eight bytes and more that begin a value wait for the rest.
    expect(stream.canRelease).toBe(false);
    expect(stream.push(Buffer.from(`${TOKEN.slice(12)}!!!!!!!!`)).toString()).toBe("[TOKEN]!");
  });

  it("keeps marks where they are, also within a value", () => {
    const stream = new RedactedStream(makeFingerprints([["TOKEN", TOKEN]]));
    const mark = (): Buffer => stream.mark(Buffer.from("T "));
    const parts = [
      mark(),
      stream.push(Buffer.from(`one ${TOKEN.slice(0, 9)}\n`)),
      mark(),
      stream.push(Buffer.from(`${TOKEN.slice(9)} two\n`)),
      mark(),
      stream.push(Buffer.from("three\n")),
      stream.end(),
    ];
    expect(Buffer.concat(parts).toString()).toBe("T one [TOKEN]\nT  two\nT three\n");
  });
});

/** Few letters, so that much begins alike. */
const letters = fc.string({ unit: fc.constantFrom("a", "b", "c", "%", "+"), minLength: 0, maxLength: 12 });
const value = fc.string({ unit: fc.constantFrom("a", "b", "c", "/", " ", "ä"), minLength: 5, maxLength: 40 });
const lineEnds = fc.string({ unit: fc.constantFrom("\n", "\r\n"), minLength: 0, maxLength: 10 });

const scene = fc.array(value, { minLength: 1, maxLength: 3 }).chain((values) => {
  const forms = values.flatMap((each) => formsOf(each).map((form) => form.toString()));
  const part = fc.oneof(
    letters,
    lineEnds,
    fc.constantFrom(...forms),
    // With line ends in it, or only its beginning.
    fc.tuple(fc.constantFrom(...forms), fc.nat(60), lineEnds).map(([form, at, ends]) => {
      const cut = at % (form.length + 1);
      return form.slice(0, cut) + ends + form.slice(cut);
    }),
    fc.tuple(fc.constantFrom(...forms), fc.nat(60)).map(([form, at]) => form.slice(0, at)),
  );
  return fc.record({
    values: fc.constant(values),
    text: fc.array(part, { maxLength: 12 }).map((parts) => parts.join("")),
    cuts: fc.array(fc.integer({ min: 1, max: 30 }), { minLength: 1, maxLength: 20 }),
  });
});

const printsOf = (
  values: readonly string[],
): { prints: Fingerprints; forms: { name: string; form: Buffer }[] } => {
  const named = values.map((each, index) => [`V${index}`, each] as const);
  const forms = named
    .filter(([, each]) => Buffer.byteLength(each) >= 8)
    .flatMap(([name, each]) => formsOf(each).map((form) => ({ name, form })))
    .filter(({ form }) => form.length >= 8);
  return { prints: makeFingerprints(named), forms };
};

describe("redaction in pieces", () => {
  it(`is what a slow search does, in ${CASES} cases with random cuts`, () => {
    let replaced = 0;
    fc.assert(
      fc.property(scene, ({ values, text, cuts }) => {
        const { prints, forms } = printsOf(values);
        const bytes = Buffer.from(text);
        const stream = new RedactedStream(prints);
        const parts: Buffer[] = [];
        for (let at = 0, cut = 0; at < bytes.length; cut += 1) {
          const length = cuts[cut % cuts.length] ?? 1;
          // A copy, as the memory of what is read is used again.
          const piece = Buffer.from(bytes.subarray(at, at + length));
          parts.push(Buffer.from(stream.push(piece)));
          piece.fill(0);
          at += length;
        }
        parts.push(stream.end());
        const wanted = slowlyRedacted(bytes, forms);
        replaced += wanted.values;
        expect(Buffer.concat(parts).toString()).toBe(wanted.text.toString());
      }),
      { numRuns: CASES },
    );
    // The cases are about something.
    expect(replaced).toBeGreaterThan(CASES / 2);
  });
});
