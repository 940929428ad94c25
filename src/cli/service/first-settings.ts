/**
 * The first files for an operator: a configuration with one profile, and a place for credentials.
 */
import { readFile, stat } from "node:fs/promises";
import { dirname, join } from "node:path";
import { ensureDirectory, syncDirectory, writeNewFile } from "../../durable-files.ts";
import { systemCode } from "../../errors.ts";
import { ifThere } from "../../if-there.ts";
import { othersMode } from "./others-mode.ts";

const CREDENTIALS = `# Credentials for sessions, one NAME=value a line. A profile of agentd.toml names them:
#
#   [[profiles.credentials]]
#   name = "GITHUB_TOKEN"            # what the agent sees
#   source = "AGENTD_GITHUB_TOKEN"   # the name in this file
#
# The daemon reads this file when it starts, and again with: agentd reload
#
`;

/** Writes the first configuration. @param packageDirectory holds the example that it is. */
export async function writeFirstConfig(path: string, packageDirectory: string): Promise<void> {
  const content = await readFile(join(packageDirectory, "examples", "first.toml"), "utf8");
  await writeNew(path, content, 0o644);
}

/**
 * Writes a file for credentials, unless there is one. Resolves to whether it did.
 *
 * @param names to fill in; each is a comment until then.
 */
export async function ensureCredentialsFile(
  path: string,
  names: readonly string[] = ["AGENTD_GITHUB_TOKEN"],
): Promise<boolean> {
  const lines = names.map((name) => `#${name}=\n`);
  try {
    await writeNew(path, [CREDENTIALS, ...lines].join(""), 0o600);
    return true;
  } catch (error) {
    if (systemCode(error) === "EEXIST") return false;
    throw error;
  }
}

/** Whether others than its owner may read a file; false when there is none. */
export async function isOpenToOthers(path: string): Promise<boolean> {
  const found = await ifThere(stat(path));
  return found !== undefined && othersMode(found) !== undefined;
}

async function writeNew(path: string, content: string, mode: number): Promise<void> {
  await ensureDirectory(dirname(path), 0o700);
  await writeNewFile(path, content, mode);
  await syncDirectory(dirname(path));
}
