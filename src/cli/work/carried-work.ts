/** The work of a session of another host: put into a directory there, and read from one here. */
import { copyFile, writeFile } from "node:fs/promises";
import { basename, join } from "node:path";
import { AgentdError, sentence, systemCode } from "../../errors.ts";
import { readRegularFile } from "../../regular-file.ts";
import { type SessionWork, workFiles } from "./session-work.ts";

/** What the files of the work do not say, as JSON. */
const ABOUT_FILE = "about.json";
/** The largest that is read: the summary is in it. */
const MOST_ABOUT_BYTES = 128 * 1024 * 1024;

type About = Omit<SessionWork, "patch" | "bundle" | "summaryFile">;

/** Puts all that `readCarriedWork` takes into a directory. */
export async function carryWork(work: SessionWork, directory: string): Promise<void> {
  const { id, document, summary, notices } = work;
  const about: About = { id, document, summary, notices };
  await writeFile(join(directory, ABOUT_FILE), JSON.stringify(about));
  for (const file of [work.patch, work.bundle]) {
    try {
      await copyFile(file, join(directory, basename(file)));
    } catch (error) {
      // Neither is there where nothing has changed.
      if (systemCode(error) !== "ENOENT") throw error;
    }
  }
}

/** Reads it. @throws AgentdError `record_unusable`. */
export async function readCarriedWork(directory: string): Promise<SessionWork> {
  try {
    const text = await readRegularFile(join(directory, ABOUT_FILE), MOST_ABOUT_BYTES);
    return { ...(JSON.parse(text.toString("utf8")) as About), ...workFiles(directory) };
  } catch (cause) {
    throw new AgentdError("record_unusable", {
      tried: "read the work that came from the other host",
      why: sentence(cause),
      next: "Run the command again, or log in there and look at the record with `agentd show`.",
      cause,
    });
  }
}
