import { describe, expect, it } from "vitest";
import { COMMANDS } from "../../../src/cli/command-table.ts";
import { manualPages } from "../../../src/cli/manual/manual-page.ts";
import { programOf } from "../../kit/program.ts";

const pages = new Map(
  manualPages(programOf(COMMANDS), "1.2.3", () => "\nA note.\n\nExamples:\n  agentd ps -a\n").map(
    ({ file, text }) => [file, text],
  ),
);
const VISIBLE = COMMANDS.filter(({ isHidden }) => isHidden !== true).map(({ name }) => name);

describe("the pages for man", () => {
  it("are one for each command of the help, for each group, and for the program", () => {
    const groups = VISIBLE.filter((name) => name.includes(" ")).map((name) => name.replace(/ .*/, ""));
    const expected = new Set([...VISIBLE, ...groups].map((name) => `agentd-${name.replace(" ", "-")}.1`));
    expect([...pages.keys()].sort()).toEqual([...expected, "agentd.1"].sort());
  });

  it.each(VISIBLE)("say of %s what its definition says", (name) => {
    const text = pages.get(`agentd-${name.replace(" ", "-")}.1`) ?? "";
    const command = programOf(COMMANDS, name);
    const plain = text.replaceAll("\\-", "-").replaceAll("\\&", "").replaceAll("\\e", "\\");
    expect(plain).toContain(`agentd-${name.replace(" ", "-")} - ${command.summary()}\n`);
    for (const { flags, description } of command.options)
      expect(plain).toContain(`.B ${flags}\n${description}`);
    expect(plain).toContain("--socket <path>");
    expect(plain).toContain("\n.SH EXAMPLES\n.nf\nagentd ps -a\n.fi\n");
  });

  it("have no line that troff takes for a request of its own", () => {
    const requests = /^\.(?:TH|SH|PP|TP|B|BR|I|nf|fi)\b/;
    for (const text of pages.values())
      expect(text.split("\n").filter((line) => /^[.']/.test(line) && !requests.test(line))).toEqual([]);
  });
});
