import { closeSync, read as readFile, statSync } from "node:fs";
import { dirname } from "node:path";
import { promisify } from "node:util";
import type { FoundEntry } from "../../audit/read/record-entry.ts";
import { AgentdError } from "../../errors.ts";
import type { Fingerprints } from "../../redaction/fingerprints.ts";
import { RedactedStream } from "../../redaction/redacted-stream.ts";
import { type CommandDefinition, example, FAULTS } from "../frame/command.ts";
import { type Elsewhere, type LocalContext, say } from "../frame/context.ts";
import { CountedProgress } from "../frame/counted-progress.ts";
import { findFingerprints } from "../frame/found-fingerprints.ts";
import { recordOf } from "../frame/record-argument.ts";
import type { LatestOption } from "../frame/session-argument.ts";
import { printable } from "../terminal/printable.ts";
import { SessionOutput } from "../terminal/session-output.ts";
import { countText } from "../words/size-text.ts";
import { readRecordPath, type RecordPath } from "../work/record-path.ts";

interface CpOptions extends LatestOption {
  readonly force?: true;
}

/** Where a copy goes to standard output. */
const STANDARD_OUTPUT = "-";
const CHUNK_BYTES = 64 * 1024;

const readPiece = promisify(readFile);

/** `agentd cp`: a file or directory of a record. */
export const cp: CommandDefinition<LocalContext> = {
  name: "cp",
  faults: FAULTS,
  place: "fetched",
  define: (command, start) =>
    command
      .summary("copy files out of a session's record")
      .description(
        "Copies a file or directory of a session's record, such as work, runa or agentd/console.log, also while the\n" +
          "session runs. A directory that exists gets the copy into it; a path that ends with /. means what is in the\n" +
          "directory. The copies are yours to change: files have the mode 0644 or 0755. Links and special files are left\n" +
          "out. Works without a daemon. `agentd audit verify` verifies the record.",
      )
      .argument("<session:path>", "session, as for the other commands, and a path in its record")
      .argument("<destination>", "file or directory; - prints a file to standard output")
      .option("-l, --latest", "use the newest session of all profiles; the argument is a path alone")
      .option("-f, --force", "replace files that exist, and add to directories")
      .addHelpText(
        "after",
        example(
          "agentd cp e81234:work/changes.patch .",
          "agentd cp site-builder:runa results",
          "agentd cp --latest agentd/console.log -",
        ),
      )
      .action((source: string, destination: string, options: CpOptions) => {
        start(async (context) => {
          const path = readRecordPath(source, options.latest === true);
          return context.elsewhere === undefined
            ? await copy(path, destination, options, context)
            : await copyFrom(context.elsewhere, { source, path, destination, options }, context);
        });
      }),
};

async function copy(
  path: RecordPath,
  destination: string,
  options: CpOptions,
  context: LocalContext,
): Promise<number> {
  const { openEntry } = await import("../../audit/read/record-entry.ts");
  const place = await recordOf(path.session, context);
  const what = path.names.length === 0 ? `the record of session ${place.id}` : path.names.join("/");
  const tried = `copy ${what}`;
  const found = openEntry(place.directory, path.names, tried);
  try {
    if (destination === STANDARD_OUTPUT) {
      // A file or pipe gets every byte: checksums are those of the record.
      const prints = context.stdout.isTerminal ? await findFingerprints(place.id, context) : undefined;
      await print(found, { tried, prints }, context);
    } else
      await copyTo(
        found,
        { destination, name: place.id, tried, path, force: options.force === true },
        context,
      );
  } finally {
    found.entry[Symbol.dispose]();
  }
  return 0;
}

interface Asked {
  /** As it was typed. */
  readonly source: string;
  readonly path: RecordPath;
  readonly destination: string;
  readonly options: CpOptions;
}

/** The copy is made on the other host, brought here, and put in its place as a copy from here is. */
async function copyFrom(
  elsewhere: Elsewhere,
  { source, path, destination, options }: Asked,
  context: LocalContext,
): Promise<number> {
  const words = ["cp", ...(options.latest === true ? ["--latest"] : []), "--", source];
  if (destination === STANDARD_OUTPUT) return await elsewhere.run([...words, STANDARD_OUTPUT]);
  const fetched = await elsewhere.fetch([...words, "."]);
  if (typeof fetched === "number") return fetched;
  const { TreeEntry } = await import("../../trees/tree-entry.ts");
  try {
    using root = TreeEntry.root(fetched.directory);
    const [name] = path.isContent ? [] : root.names();
    using entry = name === undefined ? TreeEntry.root(fetched.directory) : root.open(name);
    const found = { entry, name };
    const tried = `copy ${source}`;
    await copyTo(found, { destination, name: "", tried, path, force: options.force === true }, context);
  } finally {
    await fetched.release();
  }
  return 0;
}

async function print(
  { entry }: FoundEntry,
  { tried, prints }: { readonly tried: string; readonly prints: Fingerprints | undefined },
  { stdout }: LocalContext,
): Promise<void> {
  if (!entry.stats.isFile())
    throw fault(tried, "it is not a regular file", "Only a file goes to standard output.");
  const file = entry.openContent();
  const output = new SessionOutput(stdout, { raw: false });
  const redacted = prints && new RedactedStream(prints);
  try {
    while (!stdout.closed.aborted) {
      const { bytesRead, buffer } = await readPiece(
        file,
        Buffer.allocUnsafe(CHUNK_BYTES),
        0,
        CHUNK_BYTES,
        null,
      );
      if (bytesRead === 0) break;
      const bytes = buffer.subarray(0, bytesRead);
      await output.write(redacted?.push(bytes) ?? bytes);
    }
    if (redacted !== undefined) await output.write(redacted.end());
    await output.end();
  } finally {
    closeSync(file);
  }
}

interface CopyTarget {
  readonly destination: string;
  /** Of a copy of the whole record, in a directory. */
  readonly name: string;
  readonly tried: string;
  readonly path: RecordPath;
  readonly force: boolean;
}

async function copyTo(
  { entry, name }: FoundEntry,
  { destination, name: recordName, tried, path, force }: CopyTarget,
  context: LocalContext,
): Promise<void> {
  const [{ copyOut, countFiles, NotCopied }, { bytePath, joinBytes, shownPath }] = await Promise.all([
    import("../../audit/read/copy-out.ts"),
    import("../../trees/byte-path.ts"),
  ]);
  const { isFile, isDirectory } = { isFile: entry.stats.isFile(), isDirectory: entry.stats.isDirectory() };
  if (!isFile && !isDirectory)
    throw fault(tried, "it is a link or special file, which is not copied", "Name a file or directory.");
  const isThere = isDirectoryAt(destination);
  if (!isThere && (destination.endsWith("/") ? isFile : !isDirectoryAt(dirname(destination)))) {
    const missing = destination.endsWith("/") ? destination : dirname(destination);
    throw fault(tried, `there is no directory ${missing}`, "Make it first, or choose another destination.");
  }
  const isContent = path.isContent && isDirectory;
  const base = bytePath(destination.replace(/(?<=.)\/+$/, ""));
  const to = isThere && !isContent ? joinBytes(base, name ?? bytePath(recordName)) : base;
  const progress = new CountedProgress(context, "files copied");
  const all = context.stderr.isTerminal ? countFiles(entry) : 0;
  try {
    const steps = copyOut(entry, to, { force, intoExisting: isContent });
    let step = steps.next();
    for (; step.done !== true; step = steps.next())
      await progress.show(step.value, Math.max(all, step.value));
    await progress.end();
    const { files, leftOut } = step.value;
    const rest = leftOut === 0 ? "" : `; ${leftOut} left out: links and special files`;
    await say(context, `${countText(files, "file")} copied to ${shownPath(to)}${rest}`);
  } catch (error) {
    await progress.end();
    if (!(error instanceof NotCopied)) throw error;
    throw fault(
      tried,
      error.message,
      "What was copied before stays. Check the destination, or choose another one.",
    );
  }
}

function isDirectoryAt(path: string): boolean {
  try {
    return statSync(path, { throwIfNoEntry: false })?.isDirectory() === true;
  } catch {
    // Its own directory is none, or closed.
    return false;
  }
}

function fault(tried: string, why: string, next: string): AgentdError {
  return new AgentdError("copy_failed", { tried, why: printable(why), next });
}
