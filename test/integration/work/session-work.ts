/** A session's repository as an agent leaves it, and what an operator does with its export. */
import { mkdtemp, readFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { execa } from "execa";
import { removeTree } from "../../../src/trees/remove-tree.ts";
import { type ExportRequest, exportWork, type WorkExport } from "../../../src/work/export-work.ts";
import { keepBase } from "../../../src/work/keep/keep-base.ts";
import { cloneInto } from "../../../src/workspace/clone.ts";
import { deliverClone } from "../../../src/workspace/deliver-clone.ts";
import { createGit, gitEnvironment } from "../../../src/workspace/git.ts";
import { Mirrors } from "../../../src/workspace/mirrors.ts";
import { Staging } from "../../../src/workspace/staging.ts";
import { type Files, writeFiles } from "../../kit/files.mjs";
import { git, makeRepository } from "../../kit/repositories.mjs";

const ENVIRONMENT = { PATH: process.env["PATH"] };

export class SessionWork {
  readonly root: string;
  /** The repository that the session was a clone of. */
  readonly origin: string;
  /** Where the agent works. */
  readonly repo: string;
  readonly out: string;
  readonly baseDirectory: string;
  readonly scratch: string;
  readonly #staging: Staging;

  private constructor(root: string, staging: Staging) {
    this.root = root;
    this.origin = join(root, "demo.git");
    this.#staging = staging;
    this.repo = staging.repoDirectory;
    this.out = join(root, "work");
    this.baseDirectory = join(staging.directory, "base.git");
    this.scratch = join(staging.directory, "export");
  }

  static async make(): Promise<SessionWork> {
    const root = await mkdtemp(join(tmpdir(), "agentd-work-"));
    return new SessionWork(root, await Staging.create(join(root, "staging"), "0123456789abcdef", "0123abcd"));
  }

  /** Clones a repository with these files and delivers it to the agent. */
  async begin(files: Files = { "README.md": "# Demo\n", "src/a.txt": "a\n" }): Promise<string> {
    const head = await makeRepository(this.origin, { files });
    await this.clone();
    return head;
  }

  get mirrors(): Mirrors {
    return new Mirrors(join(this.root, "repos"));
  }

  /** Clones `origin` as it is, keeps the base and delivers. */
  async clone(ref: string | null = null, url = this.origin): Promise<void> {
    const { signal } = new AbortController();
    const { mirrors } = this;
    const options = { git: createGit(ENVIRONMENT), mirrors, signal };
    await cloneInto(this.#staging, { url, ref }, options);
    await keepBase({
      cloneDirectory: this.#staging.cloneDirectory,
      baseDirectory: this.baseDirectory,
      mirrorDirectory: mirrors.directoryOf(url),
    });
    await deliverClone(this.#staging, { selinux: false, signal });
  }

  /** Git as the agent runs it. */
  async git(...args: string[]): Promise<string> {
    return await git(this.repo, args);
  }

  async write(files: Files): Promise<void> {
    await writeFiles(this.repo, files);
  }

  async commit(message: string, files: Files = {}): Promise<string> {
    await this.write(files);
    await this.git("add", "--all");
    await this.git("commit", "--quiet", "--message", message);
    return await this.git("rev-parse", "HEAD");
  }

  /** What an export is asked for, but for the environment of git. */
  request(limits: ExportRequest["limits"] = {}): Omit<ExportRequest, "environment"> {
    return {
      repoDirectory: this.repo,
      baseDirectory: this.baseDirectory,
      scratchDirectory: this.scratch,
      outDirectory: this.out,
      limits,
    };
  }

  async export(
    limits: ExportRequest["limits"] = {},
    artifacts?: ExportRequest["artifacts"],
  ): Promise<WorkExport> {
    const environment = gitEnvironment(ENVIRONMENT, []);
    const request = { ...this.request(limits), artifacts, environment };
    return await exportWork(request, new AbortController().signal);
  }

  get patch(): string {
    return join(this.out, "changes.patch");
  }

  get bundle(): string {
    return join(this.out, "commits.bundle");
  }

  async readPatch(): Promise<string> {
    return await readFile(this.patch, "latin1");
  }

  /** A clone of an operator's at the commit that the session began with, with the patch applied. */
  async applied(base: string): Promise<string> {
    const checkout = await mkdtemp(join(this.root, "checkout-"));
    await git(this.root, ["clone", "--quiet", this.origin, checkout]);
    await git(checkout, ["checkout", "--quiet", "--detach", base]);
    const patch = await readFile(this.patch);
    if (patch.length > 0) await git(checkout, ["apply", "--index", "--binary", this.patch]);
    return checkout;
  }

  /** A clone of an operator's that has fetched the bundle into `refs/agentd/*`. */
  async fetched(): Promise<string> {
    const checkout = await mkdtemp(join(this.root, "checkout-"));
    await git(this.root, ["clone", "--quiet", this.origin, checkout]);
    const heads = await git(checkout, ["bundle", "list-heads", this.bundle]);
    const head = / HEAD$/m.test(heads) ? ["HEAD:refs/agentd/HEAD"] : [];
    await git(checkout, ["fetch", "--quiet", this.bundle, ...head, "refs/*:refs/agentd/*"]);
    await execa("git", ["fsck", "--strict", "--no-dangling"], { cwd: checkout });
    return checkout;
  }

  async remove(): Promise<void> {
    await removeTree(this.root);
  }
}
