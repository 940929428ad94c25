import { chmod, readFile, rename, rm, stat, writeFile } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { execa } from "execa";
import { describe, expect, it } from "vitest";
import { readEvidence } from "../../../src/audit/chain/evidence.ts";
import { parseNotes } from "../../../src/audit/format/note.ts";
import { recordPaths } from "../../../src/audit/format/record-layout.ts";
import { evidencePaths } from "../../../src/audit/keys/evidence-paths.ts";
import type { OpenRecord } from "../../../src/audit/open/open-record.ts";
import { addNote } from "../../../src/audit/seal/add-note.ts";
import { exportRecord } from "../../../src/audit/upkeep/export.ts";
import { prune } from "../../../src/audit/upkeep/prune.ts";
import { planPruning } from "../../../src/audit/upkeep/prune-plan.ts";
import {
  NEW_DOCUMENT,
  placeOf,
  settingsIn,
  SUCCESS,
  verify,
  verifyEverything,
} from "../../kit/record-document.ts";
import { newRecord, sha256sumCheck, temporaryDirectory } from "../../kit/record-fixture.ts";

async function sealed(directory: string): Promise<OpenRecord> {
  const record = await newRecord({ ...settingsIn(directory), document: NEW_DOCUMENT });
  await writeFile(join(record.runaDirectory, "report"), "all is well\n");
  await record.seal(SUCCESS);
  await record.retire();
  return record;
}

function note(record: OpenRecord, why: string): void {
  const time = "2026-03-01T00:00:00.000Z";
  const paths = evidencePaths(join(dirname(dirname(dirname(record.directory))), "state"));
  const noted = { ...placeOf(record.directory) };
  addNote(noted, { time, kind: "publish", result: "nothing", published: null, why, warnings: [] }, paths);
}

/** What verifying says about a record: its status and what is wrong where. */
async function verdictOf({ directory }: OpenRecord): Promise<unknown> {
  const { status, problems } = await verify(directory);
  return [status, ...problems.map(({ path, problem }) => `${path}: ${problem}`)];
}

describe("a note about a sealed record", () => {
  it("is a line beside the seal and in the chain, and changes no sealed file", async () => {
    const record = await sealed(await temporaryDirectory());
    const before = await sha256sumCheck(record.directory);
    note(record, "one");
    note(record, "two");
    const { notes, session } = recordPaths(record.directory);
    expect(
      parseNotes(await readFile(notes, "utf8")).map((each) => each.kind === "publish" && each.why),
    ).toEqual(["one", "two"]);
    expect((await stat(notes)).mode).toBe((await stat(session)).mode);
    expect(await sha256sumCheck(record.directory)).toBe(before);
    expect(await verdictOf(record)).toEqual(["verified"]);
    const all = await verifyEverything({ auditRoot: dirname(dirname(record.directory)) });
    expect([all.status, all.chain.statements, all.chain.problems]).toEqual(["verified", 3, []]);
  });

  it("is found when it was changed, removed, added or moved", async () => {
    const record = await sealed(await temporaryDirectory());
    note(record, "one");
    note(record, "two");
    const { notes } = recordPaths(record.directory);
    const whole = await readFile(notes, "utf8");
    const [one = "", two = ""] = whole.split(/(?<=\n)/);
    await chmod(notes, 0o600);
    const withContent = async (content: string): Promise<unknown> => {
      await writeFile(notes, content);
      return await verdictOf(record);
    };
    const at = "agentd/after.jsonl:";
    expect(await withContent(whole.replace("two", "ten"))).toEqual([
      "altered",
      `${at} line 2 is not in the chain`,
      `${at} note 2 of the chain is missing or altered`,
    ]);
    expect(await withContent(one)).toEqual(["altered", `${at} note 2 of the chain is missing or altered`]);
    expect(await withContent(`${whole}{}\n`)).toEqual(["altered", `${at} line 3 is not in the chain`]);
    expect(await withContent(two + one)).toEqual([
      "altered",
      `${at} its lines are repeated or in another order than in the chain`,
    ]);
    expect(await withContent("")).toMatchObject(["altered", {}, {}]);
    await rm(notes);
    expect(await verdictOf(record)).toEqual([
      "altered",
      `${at} missing, though the chain has 2 notes for it`,
    ]);
    await writeFile(notes, whole);
    expect(await verdictOf(record)).toEqual(["verified"]);
  });

  it("cannot be brought from another record, or forged in the chain", async () => {
    const directory = await temporaryDirectory();
    const [one, other] = [await sealed(directory), await sealed(directory)];
    note(one, "one");
    await writeFile(recordPaths(other.directory).notes, await readFile(recordPaths(one.directory).notes));
    expect(await verdictOf(other)).toEqual(["altered", "agentd/after.jsonl: line 1 is not in the chain"]);
    const { chain } = evidencePaths(join(directory, "state"));
    const text = await readFile(chain, "utf8");
    await writeFile(chain, text.replace(/("kind":"note".*"session_id":")[0-9a-f]{16}/, `$1${other.id}`));
    const all = await verifyEverything({ auditRoot: join(directory, "audit") });
    expect(all.status).toBe("altered");
    expect(all.chain.problems).toMatchObject([{ line: 3, problem: "differs from what was signed" }]);
  });

  it.each([
    ["before the chain has it", false],
    ["after the chain has it, before its file is in place", true],
  ])("that was cut short %s is no alteration, and the next one puts it right", async (_when, isInChain) => {
    const record = await sealed(await temporaryDirectory());
    note(record, "one");
    const { notes } = recordPaths(record.directory);
    const before = await readFile(notes, "utf8");
    if (isInChain) {
      note(record, "cut");
      await rename(notes, `${notes}.next`);
      await writeFile(notes, before);
    } else {
      await writeFile(`${notes}.next`, `${before}{"kind":"publish"}\n`);
    }
    expect(await verdictOf(record)).toEqual(["verified"]);
    note(record, "last");
    const whys = parseNotes(await readFile(notes, "utf8")).map((each) => each.kind === "publish" && each.why);
    expect(whys).toEqual(isInChain ? ["one", "cut", "last"] : ["one", "last"]);
    expect(await verdictOf(record)).toEqual(["verified"]);
    await writeFile(`${notes}.next`, "anything\n");
    expect(await verdictOf(record)).toEqual([
      "altered",
      "agentd/after.jsonl.next: has other lines than the chain",
    ]);
  });

  it("is in an exported record with its line of the chain, and its record can be pruned", async () => {
    const directory = await temporaryDirectory();
    const record = await sealed(directory);
    note(record, "one");
    const state = join(directory, "state");
    const archive = join(directory, "record.tar.gz");
    await exportRecord(placeOf(record.directory), archive, readEvidence(state));
    await execa("tar", ["-xzf", archive, "-C", directory]);
    const exported = join(directory, `agentd-${record.id}`);
    const line = await readFile(join(exported, "record/agentd/after.jsonl"), "utf8");
    expect(line).toContain('"why":"one"');
    const { stdout: sum } = await execa("sha256sum", [join(exported, "record/agentd/after.jsonl")]);
    const statements = (await readFile(join(exported, "chain.jsonl"), "utf8"))
      .trimEnd()
      .split("\n")
      .map((each) => JSON.parse(each) as { kind: string; envelope?: { payload: string } })
      .filter(({ kind }) => kind === "note")
      .map(({ envelope }) => Buffer.from(envelope?.payload ?? "", "base64").toString());
    expect(statements).toHaveLength(1);
    expect(statements[0]).toContain(sum.split(" ")[0]);
    const auditRoot = join(directory, "audit");
    const evidence = readEvidence(state);
    const plan = await planPruning(auditRoot, () => ({ keep: 0 }), evidence);
    expect(plan.records.map(({ id }) => id)).toEqual([basename(record.directory)]);
    await prune(auditRoot, plan, { paths: evidencePaths(state), chain: evidence.chain, nowMs: 0 });
    expect(await verifyEverything({ auditRoot })).toMatchObject({
      status: "verified",
      counts: { pruned: 1 },
    });
  });

  it("is not added where the record is gone", async () => {
    const record = await sealed(await temporaryDirectory());
    await execa("chmod", ["-R", "u+rwX", record.directory]);
    await rm(record.directory, { recursive: true });
    expect(() => note(record, "one")).toThrow(/ENOENT/);
    const chain = join(dirname(dirname(dirname(record.directory))), "state/audit/chain.jsonl");
    expect(await readFile(chain, "utf8")).not.toContain('"note"');
  });
});
