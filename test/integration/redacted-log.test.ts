import { mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import * as fc from "fast-check";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { ConsoleLogDecoder, type ConsoleStream } from "../../src/podman/console-log.ts";
import { formsOf } from "../../src/redaction/forms.ts";
import { makeFingerprints } from "../../src/redaction/make-fingerprints.ts";
import { findInLog, writeWithout } from "../../src/redaction/redact-log.ts";
import { placeOf, readRedactions } from "../../src/redaction/redactions.ts";
import { replaceInLog } from "../../src/redaction/replace-log.ts";
import { slowlyRedacted } from "../unit/redaction/reference.ts";

const TIME = "2026-11-29T05:00:00.000000000+00:00";
const SECRETS = { TOKEN: "tok-0123456789abcdef", PASS: "p@ss/word+1", KEY: "-----BEGIN\nabcdefgh\n-----END" };
const CASES = 100;

let directory: string;
beforeAll(async () => (directory = await mkdtemp(join(tmpdir(), "redacted-log-"))));
afterAll(() => rm(directory, { recursive: true }));

const forms = Object.entries(SECRETS).flatMap(([name, value]) =>
  formsOf(value).map((form) => ({ name, form })),
);

/** What a command printed, as conmon writes it down. */
const part = fc.record({
  stream: fc.constantFrom<ConsoleStream>("stdout", "stderr"),
  text: fc.oneof(
    fc.string({ unit: fc.constantFrom("a", "-", "\n"), maxLength: 8 }),
    fc.constantFrom(...forms.map(({ form }) => form.toString()), ...Object.values(SECRETS)),
  ),
  /** Where conmon cuts it. */
  cut: fc.integer({ min: 1, max: 12 }),
});

function asConmon(parts: readonly { stream: ConsoleStream; text: string; cut: number }[]): string {
  const lines = parts.flatMap(({ stream, text, cut }) =>
    (text.match(new RegExp(`[^\n]{1,${cut}}\n?|\n`, "g")) ?? []).map((piece) =>
      piece.endsWith("\n") ? `${TIME} ${stream} F ${piece}` : `${TIME} ${stream} P ${piece}\n`,
    ),
  );
  return lines.join("");
}

function printed(log: Buffer): Record<ConsoleStream, Buffer> {
  const decoder = new ConsoleLogDecoder();
  const segments = [...decoder.decode(log), ...decoder.end()];
  const of = (stream: ConsoleStream): Buffer =>
    Buffer.concat(segments.filter((each) => each.stream === stream).map(({ bytes }) => bytes));
  return { stdout: of("stdout"), stderr: of("stderr") };
}

const headers = (log: string): string[] => log.split("\n").map((line) => line.slice(0, TIME.length + 9));

describe("a console log that is written anew", () => {
  it(`says what a slow search leaves of it, line for line, in ${CASES} cases`, async () => {
    const prints = makeFingerprints(Object.entries(SECRETS));
    let replaced = 0;
    await fc.assert(
      fc.asyncProperty(
        fc.array(part, { maxLength: 12 }),
        fc.integer({ min: 1, max: 200 }),
        async (parts, chunkBytes) => {
          const [old, anew] = [join(directory, "old.log"), join(directory, "new.log")];
          await writeFile(old, asConmon(parts));
          await rm(anew, { force: true });
          const found = await findInLog(old, prints, chunkBytes);
          const { bytes } = await writeWithout(old, anew, found, chunkBytes);
          const [before, after] = [await readFile(old), await readFile(anew)];
          const [was, is] = [printed(before), printed(after)];
          const wanted = {
            stdout: slowlyRedacted(was.stdout, forms),
            stderr: slowlyRedacted(was.stderr, forms),
          };
          expect(is.stdout.toString()).toBe(wanted.stdout.text.toString());
          expect(is.stderr.toString()).toBe(wanted.stderr.text.toString());
          expect(headers(after.toString())).toEqual(headers(before.toString()));
          expect(found.values).toBe(wanted.stdout.values + wanted.stderr.values);
          expect([found.bytes, bytes]).toEqual([before.length, after.length]);
          replaced += found.values;
        },
      ),
      { numRuns: CASES },
    );
    expect(replaced).toBeGreaterThan(CASES / 2);
  });
});

describe("a console log that is replaced", () => {
  const line = (text: string): string => `${TIME} stdout F ${text}\n`;
  const prints = makeFingerprints(Object.entries(SECRETS));

  it.each([
    ["was not begun", () => Promise.resolve()],
    [
      "was cut short before the new log took its place",
      (log: string) => writeFile(`${log}.redacted`, "half"),
    ],
    [
      "was cut short when the list was written, and the new log was not in its place",
      async (log: string) => {
        const original = await readFile(log);
        await replaceInLog(log, prints, true);
        await writeFile(log, original);
      },
    ],
    ["was done", (log: string) => replaceInLog(log, prints, true)],
  ])("has no values, and a list of where they were, where that %s", async (_when, before) => {
    const own = await mkdtemp(join(directory, "replaced-"));
    const log = join(own, "console.log");
    await writeFile(log, line(`a ${SECRETS.TOKEN} b`) + line(`c ${SECRETS.TOKEN}`));
    await before(log);
    expect(await replaceInLog(log, prints, true)).toBe(2);
    const text = line("a [TOKEN] b") + line("c [TOKEN]");
    expect(await readFile(log, "utf8")).toBe(text);
    expect((await readdir(own)).sort()).toEqual(["console.log", "console.redactions.json"]);
    const list = await readRedactions(log);
    if (list === undefined) throw new Error("there is no list");
    const after = line(`a ${SECRETS.TOKEN} b`).length;
    expect(placeOf(after, list)).toBe(line("a [TOKEN] b").length);
    expect(placeOf(list.original_bytes, list)).toBe(list.bytes);
    expect(placeOf(after - 5, list)).toBe(placeOf(after - SECRETS.TOKEN.length, list));
    expect(text.length).toBe(list.bytes);
  });

  it("stays as it is without values, and where it is only to be looked into", async () => {
    const own = await mkdtemp(join(directory, "left-"));
    const log = join(own, "console.log");
    await writeFile(log, line("nothing"));
    expect(await replaceInLog(log, prints, true)).toBe(0);
    await writeFile(log, line(SECRETS.TOKEN));
    expect(await replaceInLog(log, prints, false)).toBe(1);
    expect(await readFile(log, "utf8")).toBe(line(SECRETS.TOKEN));
    expect(await readdir(own)).toEqual(["console.log"]);
    expect(await replaceInLog(join(own, "none.log"), prints, true)).toBe(0);
  });
});
