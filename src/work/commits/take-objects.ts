/** Takes the objects of a repository that somebody else still writes, and that git must not read in its place. */
import { closeSync, mkdirSync } from "node:fs";
import { join } from "node:path";
import { systemCode } from "../../errors.ts";
import { type BytePath, bytePath, joinBytes } from "../../trees/byte-path.ts";
import type { TreeEntry } from "../../trees/tree-entry.ts";
import { NotExported } from "../bounds/limits.ts";
import type { Pace } from "../bounds/pace.ts";
import { Budget, copyContent, openReadable } from "../git/content.ts";

export interface TakeObjectsOptions {
  /** Directory `objects` of a repository of agentd's own. */
  readonly into: string;
  /** What need not be taken: paths below `objects`, those of packs without an extension. */
  readonly known: ReadonlySet<string>;
  readonly bytes: number;
  /** How many files. */
  readonly objects: number;
  readonly pace: Pace;
}

/** Files by which a repository draws in objects from elsewhere. */
const BORROWING = ["alternates", "http-alternates"];
const FAN_OUT = /^[0-9a-f]{2}$/;
const LOOSE = /^(?:[0-9a-f]{38}|[0-9a-f]{62})$/;
const PACK = /^(?<name>pack-(?:[0-9a-f]{40}|[0-9a-f]{64}))\.pack$/;

/**
 * Copies loose objects and packs. Indexes of packs are not taken: what an index says may be anything.
 *
 * @returns paths of the packs.
 * @throws NotExported when the repository borrows objects, has anything but files and directories where its objects
 * are, or has more than may be taken; the signal's reason.
 */
export async function takeObjects(gitDirectory: TreeEntry, options: TakeObjectsOptions): Promise<string[]> {
  if (isThere(gitDirectory, "commondir")) throw new NotExported("its .git has a file commondir");
  using objects = openDirectory(gitDirectory, bytePath("objects"));
  if (isThere(objects, "info")) {
    using info = openDirectory(objects, bytePath("info"));
    const borrowing = BORROWING.find((name) => isThere(info, name));
    if (borrowing !== undefined) throw new NotExported(`its .git/objects/info has a file ${borrowing}`);
  }
  const taking: Taking = { ...options, budget: new Budget(options.bytes), count: 0 };
  const packs: string[] = [];
  for (const { name } of objects.entries()) {
    if (name === "pack") packs.push(...(await takePacks(objects, taking)));
    else if (FAN_OUT.test(name)) await takeLoose(objects, name, taking);
  }
  return packs;
}

interface Taking extends TakeObjectsOptions {
  readonly budget: Budget;
  count: number;
}

async function takePacks(objects: TreeEntry, taking: Taking): Promise<string[]> {
  using directory = openDirectory(objects, bytePath("pack"));
  const taken: string[] = [];
  for (const { name, kind } of directory.entries()) {
    const pack = PACK.exec(name)?.groups?.["name"];
    if (kind !== "file") throw new NotExported(`its .git/objects/pack has something that is no file`);
    if (pack === undefined || taking.known.has(`pack/${pack}`)) continue;
    const target = join(taking.into, "pack", name);
    await take(directory, name, bytePath(target), taking);
    taken.push(target);
  }
  return taken;
}

async function takeLoose(objects: TreeEntry, fanOut: BytePath, taking: Taking): Promise<void> {
  using directory = openDirectory(objects, fanOut);
  const target = bytePath(join(taking.into, fanOut));
  let isMade = false;
  for (const { name, kind } of directory.entries()) {
    if (kind !== "file") throw new NotExported(`its .git/objects/${fanOut} has something that is no file`);
    if (!LOOSE.test(name) || taking.known.has(`${fanOut}/${name}`)) continue;
    if (!isMade) mkdirSync(target, { mode: 0o700 });
    isMade = true;
    await take(directory, name, joinBytes(target, name), taking);
  }
}

async function take(directory: TreeEntry, name: BytePath, target: BytePath, taking: Taking): Promise<void> {
  taking.count += 1;
  if (taking.count > taking.objects)
    throw new NotExported(`it has more than ${taking.objects} new files of objects`);
  using entry = directory.open(name);
  const descriptor = openReadable(entry);
  try {
    await copyContent(descriptor, target, { ...taking, mode: 0o600 });
  } finally {
    closeSync(descriptor);
  }
  await taking.pace.step();
}

function openDirectory(parent: TreeEntry, name: BytePath): TreeEntry {
  const entry = parent.open(name);
  if (entry.stats.isDirectory()) return entry;
  entry[Symbol.dispose]();
  throw new NotExported(`its ${name} is no directory`);
}

function isThere(directory: TreeEntry, name: string): boolean {
  try {
    directory.look(bytePath(name));
    return true;
  } catch (error) {
    if (systemCode(error) === "ENOENT") return false;
    throw error;
  }
}
