import { appendFile, cp, mkdir, readdir, readFile, rename, rm, rmdir, writeFile } from "node:fs/promises";
import { basename, join } from "node:path";
import { execa } from "execa";
import { describe, expect, it } from "vitest";
import { rotateKey } from "../../../src/audit/chain/rotate-key.ts";
import { evidencePaths } from "../../../src/audit/keys/evidence-paths.ts";
import type { OpenRecord, RecordSettings } from "../../../src/audit/open/open-record.ts";
import { settingsIn, SUCCESS, verify, verifyEverything } from "../../kit/record-document.ts";
import { bundle, newRecord, temporaryDirectory } from "../../kit/record-fixture.ts";

interface Instance {
  readonly settings: RecordSettings;
  /** `chain.jsonl`. */
  readonly chain: string;
  readonly keys: string;
  /** Directories of the records, in the order of their seals. */
  readonly records: readonly string[];
}

/** An instance with so many sealed records. */
async function instanceWith(count: number): Promise<Instance> {
  const directory = await temporaryDirectory();
  const settings = settingsIn(directory);
  const records: string[] = [];
  for (let index = 0; index < count; index += 1) {
    const record = await newRecord(settings);
    await record.seal(SUCCESS);
    await record.retire();
    records.push(record.directory);
  }
  const { chain, keys } = evidencePaths(join(directory, "state"));
  return { settings, chain, keys, records };
}

async function linesOf(chain: string): Promise<string[]> {
  return (await readFile(chain, "utf8")).split("\n").slice(0, -1);
}

async function predicateOf(record: string): Promise<Record<string, unknown>> {
  const bundle = JSON.parse(await readFile(join(record, "attestation.sigstore.json"), "utf8")) as {
    dsseEnvelope: { payload: string };
  };
  const payload = Buffer.from(bundle.dsseEnvelope.payload, "base64").toString();
  return (JSON.parse(payload) as { predicate: Record<string, unknown> }).predicate;
}

async function remove(record: string): Promise<void> {
  await execa("chmod", ["-R", "u+w", record]);
  await execa("rm", ["-r", record]);
}

/** Seals a record in vain: what fails comes after its statement. */
async function sealInVain(record: OpenRecord): Promise<void> {
  const obstacle = join(record.directory, "attestation.sigstore.json");
  await mkdir(obstacle);
  await expect(record.seal(SUCCESS)).rejects.toThrow("attestation.sigstore.json");
  await rmdir(obstacle);
}

describe("the chain of an instance", () => {
  it("has a line for each seal, and each statement names the one before it", async () => {
    const { settings, chain, records } = await instanceWith(3);
    const lines = (await linesOf(chain)).map((line) => JSON.parse(line) as Record<string, unknown>);
    expect(lines.map(({ sequence, session_id }) => [sequence, session_id])).toEqual(
      records.map((record, index) => [index, basename(record)]),
    );
    const previous = await Promise.all(
      records.map(async (record) => (await predicateOf(record))["agentd_previous"]),
    );
    expect(previous).toEqual([
      null,
      { sha256: lines[0]?.["statement"] },
      { sha256: lines[1]?.["statement"] },
    ]);
    expect(await verifyEverything(settings)).toEqual({
      status: "verified",
      counts: { verified: 3, incomplete: 0, altered: 0, unknown_key: 0, pruned: 0 },
      records: [],
      chain: { statements: 3, head: lines[2]?.["statement"], problems: [] },
    });
  });

  it("is written by many at once without a fork", async () => {
    const directory = await temporaryDirectory();
    const settings = settingsIn(directory);
    await (await newRecord(settings)).seal(SUCCESS);
    const script = await bundle(new URL("seal-once.ts", import.meta.url));
    const records = await Promise.all(Array.from({ length: 8 }, () => newRecord(settings)));
    const rotations = Array.from({ length: 3 }, () => rotateKey(evidencePaths(join(directory, "state"))));
    const seals = records.map((record) => {
      const request = {
        directory: record.directory,
        document: { ...record.document, ...SUCCESS },
        sealedTimeMs: settings.now(),
        recordLimitBytes: settings.recordLimitBytes,
        isPrivate: true,
      };
      return execa("node", [script, directory, JSON.stringify(request)]);
    });
    await Promise.all([...seals, ...rotations]);
    expect(await verifyEverything(settings)).toMatchObject({
      status: "verified",
      counts: { verified: 9 },
      chain: { statements: 12 },
    });
    expect(await readdir(join(directory, "state/audit/writers"))).toEqual([]);
  });

  it("goes on after a writer that died with its lock and half a line", async () => {
    const { settings, chain } = await instanceWith(1);
    await appendFile(chain, '{"sequence":1,"kind":"ses');
    await writeFile(join(chain, "../writers/1.1.not-this-boot"), "");
    await (await newRecord(settings)).seal(SUCCESS);
    expect(await verifyEverything(settings)).toMatchObject({ status: "verified", counts: { verified: 2 } });
  });
});

describe("a seal that was cut short after its statement", () => {
  it("is made again, and the new statement accounts for the old one", async () => {
    const { settings, chain } = await instanceWith(1);
    const record = await newRecord(settings);
    await sealInVain(record);
    expect(await verify(record.directory)).toMatchObject({ status: "incomplete" });
    expect(await verifyEverything(settings)).toMatchObject({
      status: "incomplete",
      counts: { verified: 1, incomplete: 1, altered: 0 },
    });
    await (await newRecord(settings)).seal(SUCCESS);
    await sealInVain(record);
    await record.seal(SUCCESS);
    expect(await linesOf(chain)).toHaveLength(5);
    const lines = (await linesOf(chain)).map((line) => JSON.parse(line) as Record<string, unknown>);
    expect((await predicateOf(record.directory))["agentd_supersedes"]).toEqual(
      [1, 3].map((index) => ({
        sequence: index,
        previous: lines[index]?.["previous"],
        statement: lines[index]?.["statement"],
      })),
    );
    expect(await verifyEverything(settings)).toMatchObject({ status: "verified", counts: { verified: 3 } });
  });
});

describe("a record that is missing", () => {
  it.each([
    ["oldest", 0],
    ["middle one", 1],
    ["newest", 2],
  ])("is told when it is the %s", async (_, index) => {
    const { settings, records } = await instanceWith(3);
    await remove(records[index]!);
    expect(await verifyEverything(settings)).toMatchObject({
      status: "altered",
      counts: { verified: 2, altered: 1 },
      records: [
        {
          session_id: basename(records[index]!),
          problems: [
            { path: ".", problem: "the record is missing, and no tombstone says that it was pruned" },
          ],
        },
      ],
    });
  });

  it("is told when it was set back to an older copy", async () => {
    const { settings } = await instanceWith(1);
    const record = await newRecord(settings);
    const copy = join(await temporaryDirectory(), "copy");
    await execa("cp", ["-a", record.directory, copy]);
    await record.seal(SUCCESS);
    await record.retire();
    await remove(record.directory);
    await execa("cp", ["-a", copy, record.directory]);
    expect(await verifyEverything(settings)).toMatchObject({
      status: "altered",
      records: [
        {
          session_id: record.id,
          problems: [
            { path: "agentd/session.json", problem: expect.stringContaining("an older copy") as string },
          ],
        },
      ],
    });
  });

  it("is told when another seal of it was put back", async () => {
    const { settings } = await instanceWith(0);
    const record = await newRecord(settings);
    const obstacle = join(record.directory, "agentd/session.json");
    const copy = join(await temporaryDirectory(), "copy");
    // All but the commit works, so what a crash would leave is a whole seal.
    await rename(obstacle, `${obstacle}.kept`);
    await mkdir(obstacle);
    await expect(record.seal(SUCCESS)).rejects.toThrow();
    await rmdir(obstacle);
    await execa("cp", ["-a", record.directory, copy]);
    await rename(`${obstacle}.kept`, obstacle);
    await record.journal("finishing", "finish_failed");
    await record.seal(SUCCESS);
    await record.retire();
    expect((await verify(record.directory)).status).toBe("verified");
    await remove(record.directory);
    await rename(join(copy, "agentd/session.json.next"), join(copy, "agentd/session.json"));
    await rm(join(copy, "agentd/session.json.kept"));
    await execa("cp", ["-a", copy, record.directory]);
    expect(await verify(record.directory)).toMatchObject({
      status: "altered",
      problems: expect.arrayContaining([
        { path: "attestation.sigstore.json", problem: expect.stringContaining("another copy") as string },
      ]) as object[],
    });
  });
});

describe("a chain that was changed", () => {
  it.each<[string, (lines: string[]) => string[], string]>([
    ["a line is dropped", ([a, , c]) => [a!, c!], "line 2: statement 1 is missing before it"],
    ["a line is doubled", ([a, b, c]) => [a!, b!, b!, c!], "line 3: statement 1 is repeated or out of order"],
    ["two lines are swapped", ([a, b, c]) => [a!, c!, b!], "line 2: statement 1 is missing before it"],
    ["a line is damaged", ([a, b, c]) => [a!, b!.slice(1), c!], "line 2: is not a valid chain line"],
  ])("is altered when %s, and the line is named", async (_, change, problem) => {
    const { settings, chain } = await instanceWith(3);
    await writeFile(
      chain,
      change(await linesOf(chain))
        .map((line) => `${line}\n`)
        .join(""),
    );
    const { status, chain: verified } = await verifyEverything(settings);
    expect(status).toBe("altered");
    expect(verified.problems.map((each) => `line ${each.line}: ${each.problem}`)).toContain(problem);
  });

  it("is altered when its last line goes, and when all of it does", async () => {
    const { settings, chain } = await instanceWith(2);
    const [first] = await linesOf(chain);
    await writeFile(chain, `${first}\n`);
    expect(await verifyEverything(settings)).toMatchObject({
      status: "altered",
      records: [{ problems: [{ problem: "its statement is not in the chain" }] }],
    });
    await rm(chain);
    expect(await verifyEverything(settings)).toMatchObject({ status: "altered", counts: { altered: 2 } });
  });

  it("is altered whichever byte of it is", async () => {
    const { settings, chain, keys } = await instanceWith(1);
    await rotateKey(evidencePaths(join(keys, "..")));
    await (await newRecord(settings)).seal(SUCCESS);
    const content = await readFile(chain);
    const unnoticed: number[] = [];
    for (let offset = 0; offset < content.length; offset += 1) {
      const changed = Buffer.from(content);
      changed[offset] = changed[offset]! ^ 1;
      await writeFile(chain, changed);
      const { status } = await verifyEverything(settings);
      if (status === "verified" || status === "incomplete") unnoticed.push(offset);
    }
    expect(unnoticed).toEqual([]);
  });

  it("is found out by a digest that was noted, when all was set back to an older state", async () => {
    const { settings, chain, records } = await instanceWith(2);
    const older = { chain: await readFile(chain), root: join(await temporaryDirectory(), "root") };
    await cp(settings.auditRoot, older.root, { recursive: true, preserveTimestamps: true });
    const third = await newRecord(settings);
    await third.seal(SUCCESS);
    const { head } = (await verifyEverything(settings)).chain;
    expect((await verifyEverything(settings, head!)).status).toBe("verified");
    await remove(third.directory);
    await writeFile(chain, older.chain);
    expect(records).toHaveLength(2);
    expect((await verifyEverything(settings)).status).toBe("verified");
    expect(await verifyEverything(settings, head!)).toMatchObject({
      status: "altered",
      chain: { problems: [{ line: 2, problem: expect.stringContaining("is not in the chain") as string }] },
    });
  });
});

describe("a key", () => {
  it("that replaced another leaves old records verifiable and signs the new ones", async () => {
    const { settings, chain, keys, records } = await instanceWith(1);
    const before = await readFile(join(keys, "signing.key"), "utf8");
    const next = await rotateKey(evidencePaths(join(keys, "..")));
    const after = await newRecord(settings);
    await after.seal(SUCCESS);
    expect((await verify(records[0]!)).key_id).not.toBe(next.id);
    expect(await verify(after.directory)).toMatchObject({ status: "verified", key_id: next.id });
    expect(await verifyEverything(settings)).toMatchObject({
      status: "verified",
      chain: { statements: 3 },
    });
    const [, rotation] = await linesOf(chain);
    expect(JSON.parse(rotation!)).toMatchObject({ kind: "key", next_key: next.id });
    // The old private key is nowhere any more.
    const left = await Promise.all((await readdir(keys)).map((name) => readFile(join(keys, name), "utf8")));
    expect(left.filter((content) => content.includes("PRIVATE"))).toHaveLength(1);
    expect(left).not.toContain(before);
  });

  it("that the chain handed over to is taken also when a crash came before it was put in its place", async () => {
    const { settings, keys } = await instanceWith(1);
    const old = await readFile(join(keys, "signing.key"));
    const next = await rotateKey(evidencePaths(join(keys, "..")));
    await rename(join(keys, "signing.key"), join(keys, "signing.key.next"));
    await writeFile(join(keys, "signing.key"), old, { mode: 0o600 });
    const record = await newRecord(settings);
    await record.seal(SUCCESS);
    expect(await verify(record.directory)).toMatchObject({ status: "verified", key_id: next.id });
    expect(await verifyEverything(settings)).toMatchObject({ status: "verified" });
  });

  it("that nobody knows here makes a record neither verified nor altered", async () => {
    const { settings, keys, records } = await instanceWith(1);
    const other = await instanceWith(1);
    const [place] = other.records;
    await execa("cp", ["-a", place!, join(settings.auditRoot, "site-builder")]);
    expect(await verify(join(settings.auditRoot, "site-builder", basename(place!)))).toMatchObject({
      status: "unknown_key",
      problems: [
        { path: "attestation.sigstore.json", problem: expect.stringContaining("unknown here") as string },
      ],
    });
    expect(await verifyEverything(settings)).toMatchObject({
      status: "unknown_key",
      counts: { verified: 1, unknown_key: 1 },
    });
    expect(await readdir(keys)).toHaveLength(2);
    expect(records).toHaveLength(1);
  });

  it("that took over without the other's signature is told, with the line", async () => {
    const { settings, keys } = await instanceWith(1);
    await rm(join(keys, "signing.key"));
    const record = await newRecord(settings);
    await record.seal(SUCCESS);
    expect(await verifyEverything(settings)).toMatchObject({
      status: "unknown_key",
      counts: { verified: 2 },
      chain: { problems: [{ line: 2, problem: expect.stringContaining("did not hand over") as string }] },
    });
  });

  it("that others may read is not used", async () => {
    const { settings, keys } = await instanceWith(1);
    await execa("chmod", ["644", join(keys, "signing.key")]);
    const record = await newRecord(settings);
    await expect(record.seal(SUCCESS)).rejects.toThrow("other users can read it: its mode is 0644");
    expect(await verify(record.directory)).toMatchObject({ status: "incomplete" });
  });
});
