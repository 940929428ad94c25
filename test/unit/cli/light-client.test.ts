import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { CLIENT_COMMANDS } from "../../../src/cli/client-commands.ts";
import { COMMANDS } from "../../../src/cli/command-table.ts";
import { importsOf } from "../../kit/imports.ts";
import { sourceFiles } from "../../kit/source-files.ts";

const CLIENT = "src/cli/client-main.ts";
const SEAL_WORKER = "src/audit/seal/seal-worker.ts";

/**
 * The packages and Node modules that come with a file: what it imports, and what those files do.
 *
 * @param kinds `static` for what is loaded at once; `dynamic` besides for all that the program holds.
 */
function modulesOf(file: string, kinds: readonly ("static" | "dynamic")[]): Set<string> {
  const files = new Map(sourceFiles("src").map((each) => [each.path, each]));
  const modules = new Set<string>();
  const seen = new Set<string>();
  const visit = (path: string): void => {
    const source = files.get(path);
    if (source === undefined || seen.has(path)) return;
    seen.add(path);
    for (const { kind, to, specifier } of importsOf(source)) {
      if (kind === "type" || !kinds.includes(kind)) continue;
      if (to !== undefined) visit(to);
      else modules.add(specifier);
    }
  };
  visit(file);
  expect(seen.size).toBeGreaterThan(1);
  return modules;
}

function packagesOf(...args: Parameters<typeof modulesOf>): string[] {
  return [...modulesOf(...args)].filter((name) => !name.startsWith("node:")).sort();
}

describe("the client program", () => {
  it("loads the option parser and the wire, and none of Node's modules that take long to start", () => {
    expect(packagesOf(CLIENT, ["static"])).toEqual(["commander", "json-rpc-2.0", "string-width"]);
    const modules = modulesOf(CLIENT, ["static", "dynamic"]);
    for (const slow of ["node:crypto", "node:worker_threads"]) expect(modules).not.toContain(slow);
  });

  it("holds neither validator nor logger nor git, only TOML for a configuration that names the socket", () => {
    const packages = packagesOf(CLIENT, ["static", "dynamic"]);
    expect(packages).toEqual(["@iarna/toml", "commander", "json-rpc-2.0", "string-width"]);
  });

  it("has the commands for which the launcher starts it, and they are the same in the whole program", () => {
    const launcher = readFileSync(new URL("../../../bin/agentd", import.meta.url), "utf8");
    const listed = /CLIENT_COMMANDS = (\[.*?\]);/s.exec(launcher)?.[1] ?? "";
    // The first word is enough to know a command of a group.
    const words = CLIENT_COMMANDS.flatMap(({ name, aliases = [] }) => [name.split(" ")[0], ...aliases]);
    expect(JSON.parse(listed.replace(/,\s*\]$/, "]"))).toEqual([...new Set(words)]);
    expect(COMMANDS).toEqual(expect.arrayContaining([...CLIENT_COMMANDS]));
  });
});

describe("the whole program", () => {
  it("has neither the server of HTTP nor the metrics, which the program of agentd web has", () => {
    const ofWeb = packagesOf("src/cli/web-main.ts", ["static", "dynamic"]);
    expect(ofWeb).toEqual(expect.arrayContaining(["hono", "@hono/node-server", "prom-client"]));
    const whole = packagesOf("src/cli/main.ts", ["static", "dynamic"]);
    expect(whole.filter((name) => /hono|prom-client/.test(name))).toEqual([]);
  });
});

describe("the worker that seals", () => {
  it("starts with no package at all", () => {
    expect(packagesOf(SEAL_WORKER, ["static"])).toEqual([]);
  });
});
