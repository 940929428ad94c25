import { appendFile, chmod, readFile, unlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import {
  createJournal,
  type JournalOptions,
  openJournal,
  readJournal,
} from "../../../src/audit/format/journal.ts";
import { NOW_MS } from "../../kit/record-document.ts";
import { temporaryDirectory } from "../../kit/record-fixture.ts";

async function newOptions(): Promise<JournalOptions> {
  return { path: join(await temporaryDirectory(), "events.jsonl"), now: () => NOW_MS };
}

/** What sha256sum says of the first line below, without its newline. */
const FIRST_LINE_DIGEST = "e5f7b561112058f0c7d0d87b17c276af2ec84723639f9d9adb0900f8559abb0c";

describe("the journal", () => {
  it("writes a line with sequence number, time, state, event and details", async () => {
    const options = await newOptions();
    const journal = await createJournal(options);
    await journal.append("queued");
    await journal.append("preparing", "cloned", { commit: "abc" }, { durable: false });
    expect(await readFile(options.path, "utf8")).toBe(
      '{"seq":0,"time":"2026-02-03T04:05:06.789Z","prev":null,"state":"queued"}\n' +
        `{"seq":1,"time":"2026-02-03T04:05:06.789Z","prev":"${FIRST_LINE_DIGEST}","state":"preparing","event":"cloned","commit":"abc"}\n`,
    );
  });

  it("keeps the order in which lines were given, without a gap", async () => {
    const options = await newOptions();
    const journal = await createJournal(options);
    const numbers = Array.from({ length: 50 }, (_, number) => number);
    await Promise.all(numbers.map((number) => journal.append("running", "tick", { number })));
    const { entries } = await readJournal(options.path);
    expect(entries.map(({ seq, number }) => [seq, number])).toEqual(
      numbers.map((number) => [number, number]),
    );
  });

  it("lets no detail take the place of a line's own keys", async () => {
    const options = await newOptions();
    const journal = await createJournal(options);
    await journal.append("finishing", "ended", { state: "sealed", seq: 99, prev: "x", outcome: "success" });
    const { entries } = await readJournal(options.path);
    expect(entries).toEqual([
      {
        seq: 0,
        time: "2026-02-03T04:05:06.789Z",
        prev: null,
        state: "finishing",
        event: "ended",
        outcome: "success",
      },
    ]);
  });

  it("fails when its file is gone, instead of writing where nobody reads", async () => {
    const options = await newOptions();
    const journal = await createJournal(options);
    await unlink(options.path);
    await expect(journal.append("preparing")).rejects.toThrow("ENOENT");
  });
});

describe("a journal that was cut short", () => {
  it("is read up to its last whole line, and the rest is reported", async () => {
    const options = await newOptions();
    const journal = await createJournal(options);
    await journal.append("queued");
    await appendFile(options.path, '{"seq":1,"time":"20');
    const { entries, tornBytes } = await readJournal(options.path);
    expect(entries.map(({ state }) => state)).toEqual(["queued"]);
    expect(tornBytes).toBe(19);
  });

  it("is repaired when it is opened, goes on, and says so", async () => {
    const options = await newOptions();
    await (await createJournal(options)).append("queued");
    await appendFile(options.path, '{"seq":1,"time":"20');
    const journal = await openJournal(options);
    await journal.append("preparing");
    const { entries, tornBytes } = await readJournal(options.path);
    expect(entries).toMatchObject([
      { seq: 0, state: "queued" },
      { seq: 1, state: "queued", event: "journal_repaired", torn_bytes: 19 },
      { seq: 2, state: "preparing" },
    ]);
    expect(tornBytes).toBe(0);
  });

  it("counts bytes, not characters", async () => {
    const options = await newOptions();
    await (await createJournal(options)).append("queued", "noted", { text: "Zähler 😀" });
    await appendFile(options.path, "{");
    await (await openJournal(options)).append("preparing");
    const { entries } = await readJournal(options.path);
    expect(entries.map(({ event }) => event)).toEqual(["noted", "journal_repaired", undefined]);
  });
});

describe("a journal that is damaged elsewhere", () => {
  const line = (seq: number): string =>
    `{"seq":${seq},"time":"2026-02-03T04:05:06.789Z","prev":null,"state":"queued"}\n`;

  it.each([
    ["is not JSON", `${line(0)}garbage\n${line(2)}`, "line 2 is not JSON"],
    ["is another kind of JSON", `${line(0)}[1]\n`, "line 2 has no sequence number, time or state"],
    ["was dropped", `${line(0)}${line(2)}`, "line 2 has the sequence number 2"],
    [
      "was put in another's place",
      `${line(0)}${line(1)}`,
      "line 2 is not a valid next state after the line before it",
    ],
    ["was doubled", `${line(0)}${line(0)}`, "line 2 has the sequence number 0"],
  ])("is refused with the line that %s", async (_, content, why) => {
    const { path } = await newOptions();
    await writeFile(path, content);
    await expect(readJournal(path)).rejects.toMatchObject({
      code: "record_unusable",
      message: `cannot read the journal ${path}: ${why}`,
    });
  });

  it("is refused when it is missing", async () => {
    const { path } = await newOptions();
    await expect(readJournal(path)).rejects.toMatchObject({ code: "record_unusable" });
  });
});

it("opens a journal that a failed seal has made read-only", async () => {
  const options = await newOptions();
  await (await createJournal(options)).append("queued");
  await chmod(options.path, 0o400);
  await (await openJournal(options)).append("finishing");
  expect((await readJournal(options.path)).entries).toHaveLength(2);
});
