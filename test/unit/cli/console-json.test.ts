import { describe, expect, it } from "vitest";
import { ConsoleJson } from "../../../src/cli/console/console-json.ts";

const AT = "2026-01-02T03:04:05.123456789+00:00";

async function objects(...chunks: (string | Buffer)[]): Promise<unknown[]> {
  let written = "";
  const write = async (text: string | Buffer): Promise<void> => {
    written += text.toString();
    return Promise.resolve();
  };
  const json = new ConsoleJson("stderr", { write });
  for (const chunk of chunks) await json.write(Buffer.from(chunk));
  await json.end();
  return written
    .split("\n")
    .slice(0, -1)
    .map((line) => JSON.parse(line) as unknown);
}

const line = (text: string, time: string | null = AT) => ({ time, stream: "stderr", text, continues: false });

describe("output as JSON", () => {
  it("is an object for each line, wherever the bytes are cut", async () => {
    const said = Buffer.from(`${AT} one\n${AT} \n${AT} "drei" ä\n`);
    for (let cut = 0; cut <= said.length; cut++) {
      const found = await objects(said.subarray(0, cut), said.subarray(cut));
      expect(found).toEqual([line("one"), line(""), line('"drei" ä')]);
    }
  });

  it("is an object also for a last line without a newline, and for one that no time is known of", async () => {
    expect(await objects(`odd\n${AT} the end`)).toEqual([line("odd", null), line("the end")]);
    expect(await objects()).toEqual([]);
  });

  it("is in parts for a line of more than a mebibyte", async () => {
    const found = (await objects(`${AT} ${"x".repeat(2_500_000)}`, `y\n${AT} next\n`)) as ReturnType<
      typeof line
    >[];
    expect(found.map(({ continues }) => continues)).toEqual([true, true, false, false]);
    expect(found.every(({ time }) => time === AT)).toBe(true);
    expect(
      found
        .slice(0, 3)
        .map(({ text }) => text)
        .join(""),
    ).toBe(`${"x".repeat(2_500_000)}y`);
  });
});
