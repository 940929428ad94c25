/**
 * One archive with everything that is needed to check a record elsewhere.
 */
import { closeSync, existsSync } from "node:fs";
import { mkdir, mkdtemp, rename, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { basename, dirname, join, resolve } from "node:path";
import { Readable } from "node:stream";
import { execa } from "execa";
import { AgentdError, sentence } from "../../errors.ts";
import { openRegularFileSync } from "../../regular-file.ts";
import { type BytePath, fsPath } from "../../trees/byte-path.ts";
import { removeTree } from "../../trees/remove-tree.ts";
import type { Chain } from "../chain/chain.ts";
import { type ChainLine, formatChainLine } from "../chain/chain-line.ts";
import type { Evidence } from "../chain/evidence.ts";
import { readChecksums } from "../format/checksums.ts";
import { ATTESTATION, CHECKSUMS, NOTES_PATH, recordPaths } from "../format/record-layout.ts";
import { pemOf } from "../keys/public-key.ts";
import type { RecordPlace } from "../read/query.ts";
import type { Verification } from "../verify/verification.ts";
import { verifyRecord } from "../verify/verify.ts";
import { exportReadme } from "./export-readme.ts";

/** For cosign, which would ask the network for one. */
const TRUSTED_ROOT = '{"mediaType":"application/vnd.dev.sigstore.trustedroot+json;version=0.1"}\n';

/**
 * Writes a record as a compressed tar archive: the files that its seal covers, the public keys, its part of the chain,
 * and a README; also the notes that were added since. What the seal leaves out is left out.
 *
 * @param output path of the archive; one that exists is replaced, at once.
 * @throws AgentdError `record_incomplete`, `record_altered` or `export_failed`.
 */
export async function exportRecord(place: RecordPlace, output: string, evidence: Evidence): Promise<void> {
  const verification = await verifyRecord(place, evidence);
  requireVerified(place, verification);
  const staging = await mkdtemp(join(tmpdir(), "agentd-export-"));
  try {
    await placeArchive(output, async (partial) => {
      const name = `agentd-${place.id}`;
      await writeCompanions(join(staging, name), place, verification, evidence);
      await archive({ name, staging, place, output: partial });
    });
  } finally {
    await removeTree(staging);
  }
}

/**
 * Puts an archive in its place once it is written; one that exists is replaced, at once.
 *
 * @param write makes it under another name in the same directory.
 * @throws AgentdError `export_failed`.
 */
export async function placeArchive(output: string, write: (partial: string) => Promise<void>): Promise<void> {
  const partial = join(dirname(resolve(output)), `.${basename(output)}.${process.pid}.part`);
  try {
    await write(partial);
    await rename(partial, output);
  } catch (cause) {
    throw new AgentdError("export_failed", {
      tried: `write the archive ${output}`,
      why: sentence(cause),
      next: "Check that the directory is writable and that the disk is not full.",
      cause,
    });
  } finally {
    await rm(partial, { force: true });
  }
}

function requireVerified({ id }: RecordPlace, { status, problems }: Verification): void {
  if (status === "verified") return;
  const why = problems.map(({ path, problem }) => `${path}: ${problem}`).join("; ");
  const tried = `export session ${id}`;
  if (status === "incomplete") {
    throw new AgentdError("record_incomplete", { tried, why, next: "Wait until the session has ended." });
  }
  const next = `Check it with \`agentd audit verify ${id}\`.`;
  throw new AgentdError("record_altered", { tried, why, next });
}

/** Writes the files that accompany the record. */
async function writeCompanions(
  directory: string,
  { id, profile }: RecordPlace,
  { key_id: keyId, statement }: Verification,
  { keys, chain }: Evidence,
): Promise<void> {
  await mkdir(join(directory, "keys"), { recursive: true });
  for (const [keyName, key] of keys) await writeFile(join(directory, "keys", `${keyName}.pub`), pemOf(key));
  await writeFile(join(directory, "chain.jsonl"), chainPart(chain, id).map(formatChainLine).join(""));
  await writeFile(join(directory, "trusted-root.json"), TRUSTED_ROOT);
  const readme = exportReadme({ sessionId: id, profile, keyId: keyId ?? "", statement: statement ?? "" });
  await writeFile(join(directory, "README.txt"), readme);
}

/** The lines of a session, those beside them, and every rotation of the key. */
function chainPart({ lines }: Chain, sessionId: string): ChainLine[] {
  const isOwn = (line: ChainLine | undefined): boolean =>
    (line?.kind === "session" || line?.kind === "note") && line.session_id === sessionId;
  return lines.filter(
    (line, index) =>
      line.kind === "key" || [lines[index - 1], line, lines[index + 1]].some((each) => isOwn(each)),
  );
}

interface Archive {
  /** The one directory in the archive. */
  readonly name: string;
  /** Holds a directory of that name with the accompanying files. */
  readonly staging: string;
  readonly place: RecordPlace;
  readonly output: string;
}

/**
 * Names go to tar as bytes, each ended by a NUL; links are not followed, and the archive shows nothing of this host's
 * users.
 *
 * tar goes by paths, which is safe here: sealed files are in directories that no container ever had, so only the
 * operator can put a link into one.
 */
async function archive({ name, staging, place, output }: Archive): Promise<void> {
  await execa(
    "tar",
    [
      ...["--create", "--gzip", `--file=${output}`, "--owner=0", "--group=0", "--numeric-owner"],
      `--transform=flags=r;s,^${place.id}/,${name}/record/,`,
      ...["--directory", staging, name],
      ...["--directory", dirname(place.directory), "--no-recursion", "--null", "--files-from=-"],
    ],
    {
      input: Readable.from(sealedNames(place), { objectMode: false }),
      env: { LC_ALL: "C" },
      extendEnv: false,
    },
  );
}

/** The names of the files that the seal covers, and of the seal, in chunks. */
function* sealedNames({ id, directory }: RecordPlace): Generator<Buffer> {
  const nameOf = (path: string): Buffer => fsPath(`${id}/${path}\0` as BytePath);
  for (const path of [CHECKSUMS, ATTESTATION]) yield nameOf(path);
  const { checksums, notes } = recordPaths(directory);
  if (existsSync(notes)) yield nameOf(NOTES_PATH);
  const file = openRegularFileSync(checksums);
  try {
    for (const { path } of readChecksums(file)) if (path !== undefined) yield nameOf(path);
  } finally {
    closeSync(file);
  }
}
