/**
 * The unit files of the service: made from those of the package, and distinguished from files that were edited since.
 */
import { createHash } from "node:crypto";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { readIfThere } from "../if-there.ts";

export const UNIT = "agentd.service";

/** Of `agentd web`, which is off until the operator starts it. */
export const WEB_UNIT = "agentd-web.service";

/** The unit files, below the package's `systemd/` as below the user's directory of units. */
const FILES = [UNIT, WEB_UNIT, join("libpod-.scope.d", "agentd.conf")];

/** How the package's unit calls agentd. */
const PROGRAM = "%h/.local/bin/agentd";

const HEADER = `# Written by \`agentd service install\`. To change the service: systemctl --user edit ${UNIT}\n`;
const CHECKSUM = /^# SHA-256 of what follows: ([0-9a-f]{64})\n/;

/**
 * What is in the place of a unit file: nothing, the file as it would be written now, a different one that an agentd has
 * written, or one that a person has written.
 */
export type FileState = "absent" | "current" | "outdated" | "edited";

export interface UnitFile {
  readonly path: string;
  /** The content to write. */
  readonly content: string;
  readonly state: FileState;
}

export interface UnitFilesOptions {
  /** The package's `systemd/`. */
  readonly templates: string;
  /** The user's directory of units. */
  readonly directory: string;
  /** Program and arguments that start this agentd; the program is an absolute path. */
  readonly command: readonly string[];
}

/** Looks at every unit file, the service's own first. */
export async function unitFiles({ templates, directory, command }: UnitFilesOptions): Promise<UnitFile[]> {
  const words = command.map(unitWord).join(" ");
  return await Promise.all(
    FILES.map(async (name) => {
      const template = await readFile(join(templates, name), "utf8");
      const content = withChecksum(template.replaceAll(PROGRAM, () => words));
      const path = join(directory, name);
      return { path, content, state: fileState(await readIfThere(path), content) };
    }),
  );
}

/** @param found undefined when there is no file. */
export function fileState(found: string | undefined, wanted: string): FileState {
  if (found === undefined) return "absent";
  if (found === wanted) return "current";
  return isAsWritten(found) ? "outdated" : "edited";
}

/** The same text with a checksum, which shows later whether it was changed. */
export function withChecksum(text: string): string {
  return `${HEADER}# SHA-256 of what follows: ${sha256(text)}\n${text}`;
}

/** A word of a command in a unit, quoted so that systemd takes it as it is. */
export function unitWord(word: string): string {
  const escaped = word.replaceAll("%", "%%").replaceAll("$", () => "$$");
  if (/^[\w@%+=:,./$-]+$/.test(escaped)) return escaped;
  return `"${escaped.replace(/["\\]/g, "\\$&")}"`;
}

/** The words of the command that the service's unit in a directory starts; empty where there is no such unit. */
export async function startedCommand(directory: string): Promise<string[]> {
  const unit = (await readIfThere(join(directory, UNIT))) ?? "";
  const [, command = ""] = /^ExecStart=(.*)$/m.exec(unit) ?? [];
  return [...command.matchAll(/"((?:[^"\\]|\\.)*)"|\S+/g)].map(([word, quoted]) =>
    (quoted?.replace(/\\(.)/g, "$1") ?? word).replaceAll("%%", "%").replaceAll("$$", () => "$"),
  );
}

function isAsWritten(text: string): boolean {
  if (!text.startsWith(HEADER)) return false;
  const rest = text.slice(HEADER.length);
  const [line = "", digest] = CHECKSUM.exec(rest) ?? [];
  return digest === sha256(rest.slice(line.length));
}

function sha256(text: string): string {
  return createHash("sha256").update(text).digest("hex");
}
