import { chmod, mkdir, readFile, rename, rm, symlink, writeFile } from "node:fs/promises";
import { basename, join } from "node:path";
import { execa } from "execa";
import { describe, expect, it } from "vitest";
import { readEvidence } from "../../../src/audit/chain/evidence.ts";
import { verifyRecord } from "../../../src/audit/verify/verify.ts";
import { placeOf, sealIn, settingsIn, SUCCESS, verify, verifyEverything } from "../../kit/record-document.ts";
import { newRecord, temporaryDirectory } from "../../kit/record-fixture.ts";

/** A sealed record with a file that the agent wrote, made writable for whoever tampers with it. */
async function tamperableRecord(): Promise<string> {
  const record = await newRecord();
  await writeFile(join(record.runaDirectory, "report"), "all is well\n");
  await writeFile(record.consoleLogPath, "hello\n");
  await record.journal("preparing", "started");
  await record.journal("finishing", "ended");
  await record.seal(SUCCESS);
  await record.retire();
  await execa("chmod", ["-R", "u+w", record.directory]);
  return record.directory;
}

const SEALED_FILES = [
  "SHA256SUMS",
  "attestation.sigstore.json",
  "agentd/console.log",
  "agentd/events.jsonl",
  "agentd/session.json",
  "runa/report",
];

/** Changes one byte of a file in place. */
async function flipByte(path: string, offset: number): Promise<void> {
  const content = await readFile(path);
  content[offset] = (content[offset] ?? 0) ^ 1;
  await writeFile(path, content);
}

describe("a record that is not sealed", () => {
  it("is incomplete, and open while a daemon has it", async () => {
    const settings = settingsIn(await temporaryDirectory());
    const record = await newRecord(settings);
    expect(await verify(record.directory)).toEqual({
      status: "incomplete",
      problems: [{ path: "agentd/session.json", problem: "has no outcome: the session is open" }],
      files: 0,
      statement: null,
      key_id: null,
    });
    await settings.index.remove(record.id);
    expect(await verify(record.directory)).toMatchObject({
      status: "incomplete",
      problems: [{ problem: "has no outcome, and no daemon will continue the session" }],
    });
  });

  it.each([
    ["has no document", (path: string) => rm(path)],
    ["has an empty document", (path: string) => writeFile(path, "")],
  ])("is incomplete when it %s", async (_, spoil) => {
    const record = await newRecord();
    await spoil(join(record.directory, "agentd/session.json"));
    expect(await verify(record.directory)).toMatchObject({
      status: "incomplete",
      problems: [{ path: "agentd/session.json", problem: expect.stringContaining("cannot read") as string }],
    });
  });

  it("is altered when a line of its journal is", async () => {
    const record = await newRecord();
    await record.journal("preparing", "started");
    await record.journal("running", "gate_opened");
    const journal = join(record.directory, "agentd/events.jsonl");
    await writeFile(journal, (await readFile(journal, "utf8")).replace("started", "StArTed"));
    expect(await verify(record.directory)).toMatchObject({
      status: "altered",
      problems: [
        { path: "agentd/events.jsonl", problem: "line 3 is not a valid next state after the line before it" },
      ],
    });
  });

  it("is refused when it cannot be read", async () => {
    const record = await tamperableRecord();
    await chmod(record, 0o300);
    await expect(verify(record)).rejects.toMatchObject({
      code: "record_unusable",
      message: expect.stringContaining("EACCES") as string,
    });
    await chmod(record, 0o700);
    await chmod(join(record, "SHA256SUMS"), 0);
    const all = await verifyEverything({ auditRoot: join(record, "../..") });
    expect(all).toMatchObject({ status: "altered", counts: { altered: 1 } });
  });

  it("is refused when it is not there", async () => {
    const missing = join(await temporaryDirectory(), "missing");
    await expect(verify(missing)).rejects.toMatchObject({ code: "record_unusable" });
  });
});

it("refuses to judge a record that a newer agentd sealed", async () => {
  const directory = await temporaryDirectory();
  const record = await newRecord({
    ...settingsIn(directory),
    // What a later version would seal: the same, with a document of its own.
    seal: async (request) =>
      await sealIn(directory, { ...request, document: { ...request.document, schema_version: 2 as 1 } }),
  });
  await record.seal(SUCCESS);
  await expect(verify(record.directory)).rejects.toMatchObject({
    code: "record_unusable",
    details: { problem: "newer" },
  });
  await execa("chmod", ["u+w", join(record.directory, "agentd/events.jsonl")]);
  await flipByte(join(record.directory, "agentd/events.jsonl"), 5);
  expect(await verify(record.directory)).toMatchObject({ status: "altered" });
});

describe("a sealed record that was changed", () => {
  it("is altered whichever byte of whichever file is, and the file is named", async () => {
    const record = await tamperableRecord();
    const evidence = readEvidence(join(record, "../../../state"));
    const unnoticed: string[] = [];
    let flipped = 0;
    for (const path of SEALED_FILES) {
      const { length } = await readFile(join(record, path));
      for (let offset = 0; offset < length; offset += 1) {
        flipped += 1;
        await flipByte(join(record, path), offset);
        const { status, problems } = await verifyRecord(placeOf(record), evidence);
        const isNamed = problems.some((problem) => problem.path === path);
        if (status !== "altered" || !isNamed) unnoticed.push(`${path}:${offset}: ${status}`);
        await flipByte(join(record, path), offset);
      }
    }
    expect(unnoticed).toEqual([]);
    expect(flipped).toBeGreaterThan(3000);
    expect((await verify(record)).status).toBe("verified");
  });

  it.each([
    ["dropped", [0, 2, 3], "line 2 has the sequence number 2"],
    ["doubled", [0, 1, 1, 2, 3], "line 3 has the sequence number 1"],
    ["swapped with the next", [0, 2, 1, 3], "line 2 has the sequence number 2"],
    ["cut off at the end", [0, 1, 2], undefined],
  ])("is altered when a line of its journal is %s", async (_, order, fault) => {
    const record = await tamperableRecord();
    const journal = join(record, "agentd/events.jsonl");
    const lines = (await readFile(journal, "utf8")).split("\n");
    await writeFile(journal, order.map((line) => `${lines[line]}\n`).join(""));
    const problem = fault === undefined ? "altered" : `altered: ${fault}`;
    expect(await verify(record)).toMatchObject({
      status: "altered",
      problems: [{ path: "agentd/events.jsonl", problem }],
    });
  });

  it.each<[string, (record: string) => Promise<unknown>, { path: string; problem: string }[]]>([
    [
      "a file is gone",
      (record) => rm(join(record, "runa/report")),
      [{ path: "runa/report", problem: "missing" }],
    ],
    [
      "a file is new",
      (record) => writeFile(join(record, "runa/a\nb"), ""),
      [{ path: "runa/a\\x0ab", problem: "added" }],
    ],
    [
      "a file beside the agent's directory is new",
      (record) => writeFile(join(record, "note"), ""),
      [{ path: "note", problem: "added" }],
    ],
    [
      "a symbolic link is new",
      (record) => symlink("/etc/passwd", join(record, "runa/new")),
      [{ path: "runa/new", problem: "added" }],
    ],
    [
      "a file has another name",
      (record) => rename(join(record, "runa/report"), join(record, "runa/renamed")),
      [
        { path: "runa/renamed", problem: "added" },
        { path: "runa/report", problem: "missing" },
      ],
    ],
    [
      "a file is a symbolic link to its own content",
      async (record) => {
        await rename(join(record, "runa/report"), join(record, "../report"));
        await symlink("../../report", join(record, "runa/report"));
      },
      [{ path: "runa/report", problem: "not a regular file" }],
    ],
    [
      "a file is a FIFO",
      async (record) => {
        await rm(join(record, "runa/report"));
        await execa("mkfifo", [join(record, "runa/report")]);
      },
      [{ path: "runa/report", problem: "not a regular file" }],
    ],
    [
      "a file is a directory",
      async (record) => {
        await rm(join(record, "runa/report"));
        await mkdir(join(record, "runa/report"));
      },
      [
        { path: "runa/report", problem: "added" },
        { path: "runa/report", problem: "missing" },
      ],
    ],
    [
      "an empty directory is new",
      (record) => mkdir(join(record, "runa/new/deep"), { recursive: true }),
      [{ path: "runa/new/deep", problem: "added" }],
    ],
    [
      "an empty directory beside the agent's directory is new",
      (record) => mkdir(join(record, "notes")),
      [{ path: "notes", problem: "added" }],
    ],
    [
      "the sums are a FIFO",
      async (record) => {
        await rm(join(record, "SHA256SUMS"));
        await execa("mkfifo", [join(record, "SHA256SUMS")]);
      },
      [{ path: "SHA256SUMS", problem: "not a regular file" }],
    ],
    [
      "the attestation is a FIFO",
      async (record) => {
        await rm(join(record, "attestation.sigstore.json"));
        await execa("mkfifo", [join(record, "attestation.sigstore.json")]);
      },
      [{ path: "attestation.sigstore.json", problem: "not a regular file" }],
    ],
    [
      "the document is a FIFO",
      async (record) => {
        await rm(join(record, "agentd/session.json"));
        await execa("mkfifo", [join(record, "agentd/session.json")]);
      },
      [{ path: "agentd/session.json", problem: "not a regular file" }],
    ],
    [
      "a file cannot be read",
      (record) => chmod(join(record, "runa/report"), 0),
      [{ path: "runa/report", problem: "cannot be read: EACCES" }],
    ],
    [
      "a directory cannot be read",
      (record) => chmod(join(record, "runa"), 0),
      [
        { path: "runa", problem: "cannot be read: EACCES" },
        { path: "runa/report", problem: "missing" },
      ],
    ],
    [
      "the document is empty",
      (record) => writeFile(join(record, "agentd/session.json"), ""),
      [{ path: "agentd/session.json", problem: "altered" }],
    ],
  ])("is altered when %s", async (_, tamper, problems) => {
    const record = await tamperableRecord();
    await tamper(record);
    expect(await verify(record)).toMatchObject({ status: "altered", problems });
  });

  it.each(["SHA256SUMS", "attestation.sigstore.json"])("is altered when it has no %s", async (path) => {
    const record = await tamperableRecord();
    await rm(join(record, path));
    expect(await verify(record)).toMatchObject({
      status: "altered",
      problems: [{ path, problem: "missing" }],
    });
  });

  it("is altered when the sums are made to fit", async () => {
    const record = await tamperableRecord();
    await writeFile(join(record, "runa/report"), "all is lost\n");
    const files = SEALED_FILES.slice(2);
    const { stdout } = await execa("sha256sum", files, { cwd: record });
    await writeFile(join(record, "SHA256SUMS"), `${stdout}\n`);
    expect(await verify(record)).toMatchObject({
      status: "altered",
      problems: [{ path: "SHA256SUMS", problem: "differs from what was signed" }],
    });
  });

  it("is altered when it is made to look open", async () => {
    const record = await tamperableRecord();
    const document = join(record, "agentd/session.json");
    await writeFile(document, (await readFile(document, "utf8")).replace('"success"', "null"));
    expect(await verify(record)).toMatchObject({
      status: "altered",
      problems: [{ path: "agentd/session.json", problem: "has no outcome, though the record was sealed" }],
    });
    for (const path of ["SHA256SUMS", "attestation.sigstore.json"]) await rm(join(record, path));
    expect(await verify(record)).toMatchObject({
      status: "altered",
      problems: [
        { path: "agentd/session.json", problem: expect.stringContaining("an older copy") as string },
      ],
    });
  });

  it("is altered when it lies under the name of another session", async () => {
    const record = await tamperableRecord();
    const other = join(record, "../0000000000000001");
    await rename(record, other);
    expect(await verify(other)).toMatchObject({
      status: "altered",
      problems: expect.arrayContaining([
        { path: "attestation.sigstore.json", problem: `is of session ${basename(record)}` },
      ]) as object[],
    });
  });

  it("reads nothing outside of the record, whatever the sums name", async () => {
    const record = await tamperableRecord();
    const path = join(record, "SHA256SUMS");
    const outside = join(record, "../../../outside");
    await writeFile(outside, "outside");
    const line = (await execa("sha256sum", ["../../../outside"], { cwd: record })).stdout;
    await writeFile(path, `${await readFile(path, "utf8")}${line}\n`);
    expect(await verify(record)).toMatchObject({
      status: "altered",
      problems: [
        { path: "SHA256SUMS", problem: "line 5 is not valid" },
        { path: "SHA256SUMS", problem: "differs from what was signed" },
      ],
    });
  });
});
