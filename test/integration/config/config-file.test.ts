import { existsSync } from "node:fs";
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { execa } from "execa";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import {
  findConfigFile,
  type Host,
  requireConfigFile,
  SYSTEM_CONFIG_FILE,
} from "../../../src/config/paths.ts";
import { readConfigText } from "../../../src/config/toml-file.ts";

function host(env: Record<string, string>): Host {
  return { env, home: "/home/ada", uid: 1234 };
}

describe("the configuration file", () => {
  let root: string;
  const touch = async (path: string) => {
    await mkdir(join(root, path, ".."), { recursive: true });
    await writeFile(join(root, path), "");
    return join(root, path);
  };

  beforeEach(async () => {
    root = await mkdtemp(join(tmpdir(), "agentd-paths-"));
  });
  afterEach(async () => {
    await rm(root, { recursive: true });
  });

  it("is the named one, else that of AGENTD_CONFIG, else the user's", async () => {
    const named = await touch("named.toml");
    const byEnvironment = await touch("environment.toml");
    const users = await touch("config/agentd/agentd.toml");
    const env = { AGENTD_CONFIG: byEnvironment, XDG_CONFIG_HOME: join(root, "config") };
    expect(findConfigFile(host(env), named)).toBe(named);
    expect(findConfigFile(host(env), undefined)).toBe(byEnvironment);
    expect(findConfigFile(host({ ...env, AGENTD_CONFIG: "" }), undefined)).toBe(users);
  });

  it("is looked for below ~/.config where XDG_CONFIG_HOME is not set", async () => {
    const users = await touch(".config/agentd/agentd.toml");
    expect(findConfigFile(host({ HOME: root }), undefined)).toBe(users);
  });

  it("has to exist when it is named, by whatever names it", async () => {
    const missing = join(root, "missing.toml");
    const refused = { code: "config_not_found", message: expect.stringContaining(missing) };
    await touch(".config/agentd/agentd.toml");
    expect(() => findConfigFile(host({ HOME: root }), missing)).toThrow(expect.objectContaining(refused));
    const byEnvironment = host({ HOME: root, AGENTD_CONFIG: missing });
    expect(() => findConfigFile(byEnvironment, undefined)).toThrow(expect.objectContaining(refused));
  });

  it("is the system's where the user has none, or is asked for with every place that was looked in", async () => {
    const looked_in = [join(root, ".config/agentd/agentd.toml"), SYSTEM_CONFIG_FILE];
    const find = (): string => requireConfigFile(host({ HOME: root }), undefined);
    if (existsSync(SYSTEM_CONFIG_FILE)) expect(find()).toBe(SYSTEM_CONFIG_FILE);
    else expect(find).toThrow(expect.objectContaining({ code: "config_not_found", details: { looked_in } }));
  });

  it("keeps a daemon from nothing else while it is read, also where it is a FIFO", async () => {
    const fifo = join(root, "fifo.toml");
    await execa("mkfifo", [fifo]);
    const read = readConfigText(fifo);
    // A reader that waits for the FIFO would not come to this.
    await writeFile(fifo, "warm = 1\n");
    expect(await read).toBe("warm = 1\n");
  });
});
