import { mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join, resolve } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import {
  fileState,
  startedCommand,
  unitFiles,
  unitWord,
  withChecksum,
} from "../../../src/systemd/unit-file.ts";

const TEMPLATES = resolve(import.meta.dirname, "../../../systemd");

describe("a unit file", () => {
  const written = withChecksum("[Service]\nType=notify\n");

  it("is current while it says what it would say now", () => {
    expect(fileState(written, written)).toBe("current");
  });

  it("is outdated when an agentd has written something else", () => {
    expect(fileState(withChecksum("[Service]\n"), written)).toBe("outdated");
    expect(fileState(withChecksum(""), written)).toBe("outdated");
  });

  it.each([
    ["a line is added", `${written}RestartSec=5\n`],
    ["a line is changed", written.replace("notify", "simple")],
    ["a line is put before it", `# mine\n${written}`],
    ["the checksum is changed", written.replace(/[0-9a-f]{64}/, "0".repeat(64))],
    ["the checksum is gone", written.replace(/^# SHA-256.*\n/m, "")],
    ["somebody else has written it", "[Service]\nType=notify\n"],
    ["it is empty, or a link to /dev/null", ""],
  ])("is edited when %s", (_how, found) => {
    expect(fileState(found, written)).toBe("edited");
  });

  it("is absent when there is none", () => {
    expect(fileState(undefined, written)).toBe("absent");
  });
});

describe("a word of a command", () => {
  it.each([
    ["/usr/bin/node", "/usr/bin/node"],
    ["/home/me/.nvm/versions/node/v20.19.2/bin/node", "/home/me/.nvm/versions/node/v20.19.2/bin/node"],
    ["/home/a b/node", '"/home/a b/node"'],
    ["/home/100%/$x", "/home/100%%/$$x"],
    ['/a"b\\c', '"/a\\"b\\\\c"'],
    ["/größe", '"/größe"'],
    ["a;b", '"a;b"'],
  ])("%s is written as %s", (word, written) => {
    expect(unitWord(word)).toBe(written);
  });
});

describe("the unit files of the package", () => {
  let directory: string;
  beforeEach(async () => {
    directory = await mkdtemp(join(tmpdir(), "agentd-units-"));
  });
  afterEach(async () => {
    await rm(directory, { recursive: true });
  });

  const look = (command: readonly string[]) => unitFiles({ templates: TEMPLATES, directory, command });

  it("start and reload the agentd that is asked for them, and no other", async () => {
    const [unit] = await look(["/opt/node", "/opt/agentd/bin/agentd", "--config", "/etc/my config"]);
    const command = '/opt/node /opt/agentd/bin/agentd --config "/etc/my config"';
    expect(unit?.path).toBe(join(directory, "agentd.service"));
    expect(unit?.content).toContain(`\nExecStart=${command} daemon --shutdown=detach\n`);
    expect(unit?.content).toContain(`\nExecReload=${command} reload\n`);
    expect(unit?.content).not.toContain(".local/bin");
  });

  it.each([
    [["/usr/bin/node", "/opt/agentd", "--config", "/etc/agentd.toml"]],
    [["/usr/bin/node", "/o p/t", "--config", '/100%/$x/"y"\\z', "--socket", "/größe"]],
  ])("tell with which words they start it: %j", async (command) => {
    expect(await startedCommand(directory)).toEqual([]);
    for (const { path, content } of (await look(command)).slice(0, 1)) await writeFile(path, content);
    expect(await startedCommand(directory)).toEqual([...command, "daemon", "--shutdown=detach"]);
  });

  it("are current once they are written, and outdated for an agentd in another place", async () => {
    const command = ["/opt/node", "/opt/agentd/bin/agentd"];
    const files = await look(command);
    expect(files.map(({ state }) => state)).toEqual(["absent", "absent", "absent"]);
    for (const { path, content } of files) {
      await mkdir(dirname(path), { recursive: true });
      await writeFile(path, content);
    }
    expect((await look(command)).map(({ state }) => state)).toEqual(["current", "current", "current"]);
    expect((await look(["/usr/bin/node", "/x"])).map(({ state }) => state)).toEqual([
      "outdated",
      "outdated",
      "current",
    ]);
    await writeFile(files[0]?.path ?? "", `${await readFile(files[0]?.path ?? "", "utf8")}# mine\n`);
    expect((await look(command)).map(({ state }) => state)).toEqual(["edited", "current", "current"]);
  });
});
