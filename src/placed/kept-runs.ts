/** What a daemon keeps on disk of each session that it has placed, so that the next one can go on. No credential. */
import { readdir, rm } from "node:fs/promises";
import { join } from "node:path";
import * as z from "zod";
import { commitFile, ensureDirectory, stageFile, syncDirectory } from "../durable-files.ts";
import { ifThere, readIfThere } from "../if-there.ts";

const absolute = z.string().startsWith("/");

const keptRunSchema = z.strictObject({
  version: z.literal(1),
  session: z.string().regex(/^[0-9a-f]{16}$/),
  /** As the runner gets it. */
  plan: z.string(),
  limits: z.strictObject({
    memoryBytes: z.number().optional(),
    cpus: z.number().optional(),
    timeMs: z.number().optional(),
  }),
  graceMs: z.number(),
  mostLogBytes: z.int().positive(),
  mostRecordBytes: z.int().positive(),
  /** Of the session's record. */
  console: absolute,
  runa: absolute,
  node: absolute,
  claims: absolute,
});

export type KeptRun = z.infer<typeof keptRunSchema>;

export class KeptRuns {
  readonly #directory: string;

  constructor(directory: string) {
    this.#directory = directory;
  }

  /** On disk when it resolves. */
  async write(run: KeptRun): Promise<void> {
    await ensureDirectory(this.#directory, 0o700);
    await stageFile(this.#path(run.session), JSON.stringify(run));
    await commitFile(this.#path(run.session));
  }

  /** Undefined when there is none. @throws Error when the file is not what it should be. */
  async read(session: string): Promise<KeptRun | undefined> {
    const text = await readIfThere(this.#path(session));
    return text === undefined ? undefined : keptRunSchema.parse(JSON.parse(text));
  }

  /** The sessions that there are. */
  async list(): Promise<string[]> {
    const names = (await ifThere(readdir(this.#directory))) ?? [];
    return names.flatMap((name) => /^([0-9a-f]{16})\.json$/.exec(name)?.[1] ?? []);
  }

  /** Fine when there is none. */
  async remove(session: string): Promise<void> {
    await rm(this.#path(session), { force: true });
    await ifThere(syncDirectory(this.#directory));
  }

  #path(session: string): string {
    return join(this.#directory, `${session}.json`);
  }
}
