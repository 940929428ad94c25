/**
 * What it costs to look for the values of credentials in a console log of 100 MB, and to write it anew without them. The
 * reader and the writer are taken from the sources: between them and a session's log are only a file and a terminal.
 */
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { build } from "esbuild";
import { sampleInTurn } from "./rounds.mjs";
import { summarize } from "./statistics.mjs";

const LOG_BYTES = 100_000_000;
const SOURCE = fileURLToPath(new URL("../../src", import.meta.url));
const HEADER = "2026-11-29T05:00:00.000000000+00:00 stdout F ";
const TEXT =
  "   Compiling serde v1.0.219 (/home/builder/.cargo/registry/src/index.crates.io) 12345 of 67890\n";
const TOKEN = "ghp_4fKq9ZsT1xYw7RbN5mPq";
/** Lines between two with a value in them. */
const LINES_BETWEEN = 10_000;

/** @type {import("./measurements.mjs").Measurement} */
export const redaction = {
  name: "redaction",
  rounds: 5,
  async run(_workshop, options) {
    const directory = await mkdtemp(join(tmpdir(), "agentd-bench-"));
    try {
      const source = await sourceOf(directory);
      const log = join(directory, "console.log");
      const text = logText();
      await writeFile(log, text);
      const prints = source.makeFingerprints([
        ["GITHUB_TOKEN", TOKEN],
        ["ANTHROPIC_API_KEY", "sk-ant-api03-Zm9vYmFyYmF6cXV4"],
        ["KEY", `-----BEGIN KEY-----\n${"MIIEvQIBADANBgkq\n".repeat(20)}-----END KEY-----\n`],
      ]);
      const plain = "reading a console log of 100 MB";
      const shown = "reading it without values";
      const sealed = "writing it anew without values";
      const contenders = [
        { name: plain, sample: () => Promise.resolve(timed(() => source.read(text, undefined))) },
        { name: shown, sample: () => Promise.resolve(timed(() => source.read(text, prints))) },
        { name: sealed, sample: () => writingAnew(source, log, text, prints) },
      ];
      const samples = await sampleInTurn(contenders, options);
      const median = (/** @type {string} */ name) => summarize(samples[name] ?? []).median;
      const figure = (/** @type {string} */ what, /** @type {string} */ against) => ({
        ...{ what, against, value: median(what) / 1000, unit: "s", goal: null },
      });
      const ratio = { what: shown, against: plain, goal: null };
      return {
        samples,
        ratios: [ratio],
        figures: [figure(plain, ""), figure(shown, ""), figure(sealed, "")],
      };
    } finally {
      await rm(directory, { recursive: true });
    }
  },
};

function logText() {
  const lines = HEADER + TEXT;
  const block = lines.repeat(LINES_BETWEEN) + `${HEADER}token ${TOKEN}\n`;
  return Buffer.from(block.repeat(Math.ceil(LOG_BYTES / block.length)));
}

/** @param {() => number} work Returns how many bytes it has printed. */
function timed(work) {
  const start = performance.now();
  if (work() === 0) throw new Error("nothing was printed");
  return performance.now() - start;
}

/**
 * @param {Awaited<ReturnType<typeof sourceOf>>} source
 * @param {string} log
 * @param {Buffer} text
 * @param {import("../../src/redaction/fingerprints.ts").Fingerprints} prints
 */
async function writingAnew(source, log, text, prints) {
  await writeFile(log, text);
  await rm(log.replace(".log", ".redactions.json"), { force: true });
  const start = performance.now();
  const values = await source.replaceInLog(log, prints, true);
  const durationMs = performance.now() - start;
  if (values === 0) throw new Error("no value was found");
  return durationMs;
}

/** @param {string} directory */
async function sourceOf(directory) {
  const outfile = join(directory, "redaction.cjs");
  await build({
    stdin: {
      contents:
        'export * from "./redaction/make-fingerprints.ts"; export * from "./redaction/replace-log.ts";' +
        'export * from "./redaction/redacted-stream.ts"; export * from "./podman/console-log.ts";',
      resolveDir: SOURCE,
    },
    outfile,
    bundle: true,
    platform: "node",
    format: "cjs",
  });
  /** @type {typeof import("../../src/redaction/make-fingerprints.ts") & typeof import("../../src/redaction/replace-log.ts") & typeof import("../../src/redaction/redacted-stream.ts") & typeof import("../../src/podman/console-log.ts")} */
  const { makeFingerprints, replaceInLog, RedactedStream, ConsoleLogDecoder } = await import(
    pathToFileURL(outfile).href
  );
  const CHUNK_BYTES = 1024 * 1024;
  return {
    makeFingerprints,
    replaceInLog,
    /**
     * As a reader does, without the file.
     *
     * @param {Buffer} text
     * @param {import("../../src/redaction/fingerprints.ts").Fingerprints | undefined} prints
     */
    read: (text, prints) => {
      const decoder = new ConsoleLogDecoder();
      const stream = prints && new RedactedStream(prints);
      let printed = 0;
      for (let at = 0; at < text.length; at += CHUNK_BYTES)
        for (const { bytes } of decoder.decode(text.subarray(at, at + CHUNK_BYTES)))
          printed += (stream?.push(bytes) ?? bytes).length;
      return printed + (stream?.end().length ?? 0);
    },
  };
}
