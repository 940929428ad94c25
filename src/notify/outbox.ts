/** The messages that have not arrived: one file each, and the memory of what was told. */
import { mkdir, readdir, rm } from "node:fs/promises";
import { join } from "node:path";
import * as z from "zod";
import { commitFile, stageFile, syncDirectory } from "../durable-files.ts";
import { AgentdError, sentence } from "../errors.ts";
import { ifThere, readIfThere } from "../if-there.ts";
import { type Memory, memorySchema } from "./memory.ts";
import { type Notice, noticeSchema } from "./notice.ts";

const MESSAGE = /^(msg_[0-9a-f]{32})\.json$/;

export class Outbox {
  readonly #messages: string;
  readonly #memory: string;

  /** @param directory of its own, made when it is needed. */
  constructor(directory: string) {
    this.#messages = join(directory, "outbox");
    this.#memory = join(directory, "memory.json");
  }

  /** Undefined: nobody was ever told anything. @throws AgentdError `state_unusable`. */
  async memory(): Promise<Memory | undefined> {
    const text = await readIfThere(this.#memory);
    return text === undefined ? undefined : parsed(this.#memory, text, memorySchema);
  }

  /** Keeps the memory, durably. */
  async remember(memory: Memory): Promise<void> {
    await this.#make();
    await stageFile(this.#memory, `${JSON.stringify(memory)}\n`);
    await commitFile(this.#memory);
  }

  /** Oldest first; what cannot be read is in `faults`, and stays. */
  async messages(): Promise<{ readonly notices: Notice[]; readonly faults: AgentdError[] }> {
    const notices: Notice[] = [];
    const faults: AgentdError[] = [];
    for (const name of (await ifThere(readdir(this.#messages))) ?? []) {
      if (!MESSAGE.test(name)) continue;
      const path = join(this.#messages, name);
      const text = await readIfThere(path);
      try {
        if (text !== undefined) notices.push(parsed(path, text, noticeSchema));
      } catch (error) {
        if (!(error instanceof AgentdError)) throw error;
        faults.push(error);
      }
    }
    notices.sort((one, other) => one.created_ms - other.created_ms || (one.id < other.id ? -1 : 1));
    return { notices, faults };
  }

  /** Keeps a message, durably; one that is there is replaced. */
  async put(notice: Notice): Promise<void> {
    await this.#make();
    const path = this.#pathOf(notice.id);
    await stageFile(path, `${JSON.stringify(notice)}\n`);
    await commitFile(path);
  }

  /** Forgets a message; after a power cut it may be there again. */
  async remove(id: string): Promise<void> {
    await rm(this.#pathOf(id), { force: true });
  }

  async #make(): Promise<void> {
    const made = await mkdir(this.#messages, { recursive: true, mode: 0o700 });
    if (made !== undefined) await syncDirectory(join(made, ".."));
  }

  #pathOf(id: string): string {
    return join(this.#messages, `${id}.json`);
  }
}

function parsed<Schema extends z.ZodType>(path: string, text: string, schema: Schema): z.output<Schema> {
  try {
    return schema.parse(JSON.parse(text));
  } catch (cause) {
    throw new AgentdError("state_unusable", {
      tried: `read ${path}`,
      why: cause instanceof z.ZodError ? z.prettifyError(cause).replaceAll("\n", " ") : sentence(cause),
      next: "Move the file away: what was still to be told is lost then.",
      cause,
    });
  }
}
