import { mkdir, readdir, readFile, rm, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { execa } from "execa";
import { describe, expect, it } from "vitest";
import { readEvidence } from "../../../src/audit/chain/evidence.ts";
import { exportRecord } from "../../../src/audit/upkeep/export.ts";
import { exportOne, forEachFlip, readmeBlocks, writeReport } from "../../kit/exported-record.ts";
import { placeOf, settingsIn, SUCCESS } from "../../kit/record-document.ts";
import { newRecord, temporaryDirectory } from "../../kit/record-fixture.ts";

/** The commands of the README, without cosign's, which few machines have. */
async function readmeCommands(directory: string): Promise<string> {
  const commands = (await readmeBlocks(directory)).filter((block) => !block.trimStart().startsWith("cosign"));
  expect(commands).toHaveLength(3);
  return `set -e\n${commands.join("")}`;
}

/** What the commands print; rejects when one of them does not accept the record. */
async function check(directory: string): Promise<string[]> {
  const { stdout } = await execa("sh", ["-c", await readmeCommands(directory)], { cwd: directory });
  return stdout.split("\n");
}

describe("an exported record", () => {
  it("is accepted by the commands of its README: openssl, sha256sum", async () => {
    const { record, directory } = await exportOne(writeReport);
    const printed = await check(directory);
    const statement = JSON.parse(await readFile(join(directory, "statement.json"), "utf8")) as object;
    expect(printed).toEqual([
      expect.stringMatching(/^[0-9a-f]{64} /),
      "agentd/events.jsonl: OK",
      "agentd/session.json: OK",
      "runa/report: OK",
      "Signature Verified Successfully",
      "1",
    ]);
    expect(statement).toMatchObject({
      _type: "https://in-toto.io/Statement/v1",
      predicateType: "https://slsa.dev/provenance/v1",
      predicate: {
        buildDefinition: { externalParameters: { profile: "site-builder", work_unit: "issue-42" } },
        runDetails: { metadata: { invocationId: record.id } },
        agentd_outcome: "success",
        agentd_exitCode: 0,
        agentd_sequence: 2,
      },
    });
  });

  it("has both keys, its neighbours in the chain and the rotation", async () => {
    const { directory } = await exportOne(writeReport);
    expect(await readdir(join(directory, "keys"))).toHaveLength(2);
    const lines = (await readFile(join(directory, "chain.jsonl"), "utf8")).trimEnd().split("\n");
    const places = lines.map((line) => (JSON.parse(line) as { sequence: number }).sequence);
    expect(places).toEqual([1, 2, 3]);
  });

  it("is refused by sha256sum whichever byte of whichever file is changed", async () => {
    const { directory } = await exportOne(writeReport);
    const unnoticed: string[] = [];
    for (const path of ["agentd/events.jsonl", "agentd/session.json", "runa/report"]) {
      await forEachFlip(join(directory, "record", path), async (offset) => {
        const options = { cwd: join(directory, "record"), reject: false } as const;
        const { exitCode, stdout } = await execa("sha256sum", ["--strict", "-c", "SHA256SUMS"], options);
        if (exitCode === 0 || !stdout.includes(`${path}: FAILED`)) unnoticed.push(`${path}:${offset}`);
      });
    }
    expect(unnoticed).toEqual([]);
  });

  it("is refused by openssl whichever byte of statement, signature or sums is changed", async () => {
    const { directory } = await exportOne(writeReport);
    await check(directory);
    const commands = await readmeCommands(directory);
    const [openssl = ""] = /^ *openssl pkeyutl .*(?:\n {8}.*)*/m.exec(commands) ?? [];
    const [, about = ""] = / *(grep -c .*)/.exec(commands) ?? [];
    expect([openssl.trim(), about]).toEqual([
      expect.stringMatching(/^openssl pkeyutl -verify /),
      expect.stringContaining("record/SHA256SUMS"),
    ]);
    const unnoticed: string[] = [];
    const refused = async (command: string, where: string): Promise<void> => {
      const { exitCode } = await execa("sh", ["-c", command], { cwd: directory, reject: false });
      if (exitCode === 0) unnoticed.push(where);
    };
    for (const name of ["statement.pae", "statement.sig"]) {
      await forEachFlip(join(directory, name), (offset) => refused(openssl, `${name}:${offset}`));
    }
    await forEachFlip(join(directory, "record/SHA256SUMS"), (offset) =>
      refused(about, `SHA256SUMS:${offset}`),
    );
    expect(unnoticed).toEqual([]);
    await check(directory);
  });

  it("has every name as it is, follows nothing and leaves out what the seal does", async () => {
    const { record, directory } = await exportOne(async ({ runaDirectory }) => {
      await mkdir(join(runaDirectory, "-C"));
      const names = ["-C/new\nline", "back\\slash", "--checkpoint=1", "Zähler 😀"];
      for (const name of names) await writeFile(join(runaDirectory, name), name);
      await writeFile(Buffer.concat([Buffer.from(`${runaDirectory}/`), Buffer.from([0xff])]), "bytes");
      await symlink("/etc/passwd", join(runaDirectory, "passwd"));
      await execa("mkfifo", [join(runaDirectory, "fifo")]);
      await execa("truncate", ["-s", "1T", join(runaDirectory, "huge")]);
    });
    expect((await check(directory)).filter((line) => line.endsWith(": OK"))).toHaveLength(7);
    const there = await readdir(join(directory, "record/runa"), { encoding: "latin1" });
    expect(there.sort()).toEqual([
      "--checkpoint=1",
      "-C",
      "Z\xc3\xa4hler \xf0\x9f\x98\x80",
      "back\\slash",
      "\xff",
    ]);
    expect(record.document.excluded.map(({ path }) => path)).toEqual([
      "runa/fifo",
      "runa/huge",
      "runa/passwd",
    ]);
  });
});

describe("a record that is not verified", () => {
  it("is not exported, and the reason is told", async () => {
    const directory = await temporaryDirectory();
    const record = await newRecord(settingsIn(directory));
    await writeReport(record);
    const archive = join(directory, "evidence.tar.gz");
    const attempt = async (): Promise<void> => {
      await exportRecord(placeOf(record.directory), archive, readEvidence(join(directory, "state")));
    };
    await expect(attempt()).rejects.toMatchObject({ code: "record_incomplete" });
    await record.seal(SUCCESS);
    await execa("chmod", ["-R", "u+w", record.directory]);
    await rm(join(record.runaDirectory, "report"));
    await expect(attempt()).rejects.toMatchObject({
      code: "record_altered",
      message: `cannot export session ${record.id}: runa/report: missing`,
    });
    expect(await readdir(directory)).toEqual(["audit", "state"]);
  });

  it("says so when the archive cannot be written, and leaves no half of one", async () => {
    const directory = await temporaryDirectory();
    const record = await newRecord(settingsIn(directory));
    await record.seal(SUCCESS);
    const evidence = readEvidence(join(directory, "state"));
    await expect(
      exportRecord(placeOf(record.directory), join(directory, "none/evidence.tar.gz"), evidence),
    ).rejects.toMatchObject({ code: "export_failed" });
  });
});
