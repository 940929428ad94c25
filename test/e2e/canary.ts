import { existsSync } from "node:fs";
import { rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

/**
 * A file that only shows when something ran on the host, or was written there, that should not have been. Its path is
 * the same in every run: images have it built in.
 */
export class Canary {
  readonly path: string;

  /** @param name of the test file: those that run at the same time have a canary each. */
  constructor(name: string) {
    this.path = join(tmpdir(), `agentd-canary-${name}-${process.getuid?.() ?? ""}`);
  }

  /** A shell command that brings it about. */
  get command(): string {
    return `touch ${this.path}`;
  }

  get shows(): boolean {
    return existsSync(this.path);
  }

  async remove(): Promise<void> {
    await rm(this.path, { force: true });
  }
}
