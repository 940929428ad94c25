import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { expect } from "vitest";
import type { Config } from "../../src/config/config.ts";
import { type ConfigHost, loadConfig } from "../../src/config/load.ts";
import type { Problem } from "../../src/config/problems.ts";
import type { AgentdError } from "../../src/errors.ts";

/** The least that a profile says. */
export const PROFILE = '[[profiles]]\nname = "demo"\nbase_image = "demo:1"\ncommand = ["true"]\n';

/** A host that is not this one. */
export const HOST: ConfigHost = {
  env: { HOME: "/home/ada", XDG_RUNTIME_DIR: "/run/user/1234" },
  home: "/home/ada",
  uid: 1234,
  cores: 3,
  shippedAgents: resolve(import.meta.dirname, "../../agents"),
};

/** What is expected of the only problem of a source: `value` and `rule` are parts of the whole text. */
export interface Expected {
  readonly path: string;
  /** Undefined: no value is shown. */
  readonly value: string | undefined;
  readonly rule: string;
  /** Undefined: the problem has no place in the file. */
  readonly line: number | undefined;
}

/** A configuration file in a directory of its own. */
export class ConfigFile {
  readonly directory: string;
  readonly path: string;

  private constructor(directory: string) {
    this.directory = directory;
    this.path = join(directory, "agentd.toml");
  }

  static async create(): Promise<ConfigFile> {
    return new ConfigFile(await mkdtemp(join(tmpdir(), "agentd-config-")));
  }

  async remove(): Promise<void> {
    await rm(this.directory, { recursive: true });
  }

  async load(source: string | Uint8Array): Promise<Config> {
    await writeFile(this.path, source);
    return await loadConfig(this.path, HOST);
  }

  /** The error that a source is refused with. */
  async refusal(source: string | Uint8Array): Promise<AgentdError> {
    return await this.load(source).then(
      () => expect.unreachable("the configuration is accepted"),
      (error: unknown) => error as AgentdError,
    );
  }

  /** The problems of a source that is valid TOML. */
  async problems(source: string): Promise<readonly Problem[]> {
    const error = await this.refusal(source);
    expect(error.code).toBe("config_invalid");
    return error.details?.["problems"] as Problem[];
  }

  async expectOneProblem(source: string, { path, value, rule, line }: Expected): Promise<void> {
    const error = await this.refusal(source);
    expect(error.code).toBe("config_invalid");
    expect(error.message).not.toContain("hunter2");
    expect(error.message).toContain(
      `${[this.path, ...(line === undefined ? [] : [line])].join(":")}: ${path}`,
    );
    const [problem, ...others] = error.details?.["problems"] as Problem[];
    expect(others).toEqual([]);
    expect(problem).toMatchObject({ path, rule: expect.stringContaining(rule) });
    expect(problem?.line).toBe(line);
    if (value === undefined) expect(problem?.value).toBeUndefined();
    else expect(problem?.value).toContain(value);
  }
}
