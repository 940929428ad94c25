/**
 * A session that leaves more names than a string can hold: 150,000 files below paths of 3,600 bytes. Their lines in
 * `SHA256SUMS` have 560 MB together, and V8's limit is 512 MB.
 */
import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { build } from "esbuild";

const FILES = 150_000;
const PATH_BYTES = 3_600;
const V8_STRING_BYTES = 2 ** 29;

export const name = "many files below long paths";

export const expectation = "the record is sealed, sha256sum accepts it, and agentd verifies it";

/** Throws when it turns out otherwise. */
export async function run() {
  const directory = mkdtempSync(join(tmpdir(), "agentd-hostile-"));
  try {
    const script = join(directory, "seal-and-verify.cjs");
    await build({
      entryPoints: [new URL("../seal-and-verify.ts", import.meta.url).pathname],
      outfile: script,
      bundle: true,
      platform: "node",
      format: "cjs",
      target: "node20.19",
      logLevel: "error",
    });
    // The memory of a process that held all paths at once would not do.
    const node = ["--max-old-space-size=512", script, directory, String(FILES), String(PATH_BYTES)];
    const { record, status, files } = JSON.parse(
      execFileSync("node", node, { encoding: "utf8", maxBuffer: 2 ** 20 }),
    );
    if (status !== "verified" || files !== FILES + 2)
      throw new Error(`${status}, with ${files} files in the sums`);
    const { size } = statSync(join(record, "SHA256SUMS"));
    if (size <= V8_STRING_BYTES) throw new Error(`the sums have ${size} bytes only`);
    execFileSync("sha256sum", ["--strict", "--quiet", "-c", "SHA256SUMS"], { cwd: record });
    const document = JSON.parse(readFileSync(join(record, "agentd/session.json"), "utf8"));
    if (document.excluded_count !== 0) throw new Error(`${document.excluded_count} entries were left out`);
  } finally {
    execFileSync("chmod", ["-R", "u+rwX", directory]);
    rmSync(directory, { recursive: true });
  }
}
