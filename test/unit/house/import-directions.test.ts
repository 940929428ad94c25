import { describe, expect, it } from "vitest";
import { importsOf, type Import } from "./imports.ts";
import { sourceFiles, type SourceFile } from "./source-files.ts";

/** Which other rooms a room may import, besides the files that lie in src/ itself, which are open to all. */
interface Arrows {
  readonly to: readonly string[];
  /** Only by `import()` or `import type`, so that a command that does not need them does not load them. */
  readonly lazilyTo?: readonly string[];
  /** Files of those rooms that may be loaded at once all the same, because they load next to nothing. */
  readonly lightFiles?: readonly string[];
}

/** The directions of dependency between the rooms. ARCHITECTURE.md says why. */
const ROOMS: Readonly<Record<string, Arrows>> = {
  cli: {
    to: ["api", "rpc"],
    lazilyTo: ["daemon", "config", "audit", "systemd", "podman", "workspace", "credentials"],
    lightFiles: ["src/config/durations.ts", "src/config/paths.ts", "src/config/socket-path.ts"],
  },
  api: { to: [] },
  rpc: { to: ["api"] },
  // For their rules alone: which repositories are accepted, which names of variables.
  config: { to: ["workspace", "credentials"] },
  scheduler: { to: ["api", "rpc"] },
  sessions: { to: ["workspace", "credentials", "audit", "podman"] },
  workspace: { to: ["trees"] },
  credentials: { to: [] },
  podman: { to: ["programs"] },
  programs: { to: [] },
  audit: { to: ["trees"] },
  trees: { to: [] },
  work: { to: ["trees", "workspace"] },
  systemd: { to: [] },
  daemon: {
    to: [
      "api",
      "rpc",
      "config",
      "scheduler",
      "sessions",
      "workspace",
      "credentials",
      "podman",
      "audit",
      "systemd",
    ],
  },
};

/** The room of a file: `cli` for `src/cli/main.ts`; undefined for a file that lies in src/ itself. */
function roomOf(path: string): string | undefined {
  return /^src\/([^/]+)\//.exec(path)?.[1];
}

/** What is wrong with an import; undefined when it is allowed. */
function fault({ from, to, kind }: Import): string | undefined {
  if (to === undefined) return undefined;
  if (!to.startsWith("src/")) return "leaves src/";
  const here = roomOf(from);
  const there = roomOf(to);
  if (there === here || there === undefined) return undefined;
  if (here === undefined) return `src/*.ts may import only each other, not ${there}/`;
  const arrows = ROOMS[here];
  if (arrows === undefined) return `the room ${here}/ is not known`;
  if (arrows.to.includes(there)) return undefined;
  if (arrows.lazilyTo?.includes(there) !== true) return `${here}/ may not import ${there}/`;
  if (kind !== "static" || arrows.lightFiles?.includes(to) === true) return undefined;
  return `${here}/ may import ${there}/ only by import() or import type`;
}

function faults(files: readonly SourceFile[]): string[] {
  return files.flatMap(importsOf).flatMap((each) => {
    const found = fault(each);
    return found === undefined ? [] : [`${each.from}:${each.line}: ${found}`];
  });
}

function planted(path: string, text: string): string[] {
  return faults([{ path, text }]);
}

describe("the imports of src/", () => {
  it("follow the directions between the rooms", () => {
    const files = sourceFiles("src");
    expect(files.length).toBeGreaterThan(0);
    expect(faults(files)).toEqual([]);
  });

  it.each([
    ["a value", 'import { Engine } from "../podman/engine.ts";'],
    ["a type", 'import type { Engine } from "../podman/engine.ts";'],
    ["for its effects", 'import "../podman/engine.ts";'],
    ["again as an export", 'export { Engine } from "../podman/engine.ts";'],
    ["again as an exported type", 'export type * from "../podman/engine.ts";'],
    ["on demand", 'const load = () => import("../podman/engine.ts");'],
    ["in a type", 'type E = import("../podman/engine.ts").Engine;'],
    ["by require", 'const e = require("../podman/engine.ts");'],
  ])("are caught in a wrong direction: %s", (_how, text) => {
    expect(planted("src/scheduler/clock.ts", `\n${text}`)).toEqual([
      "src/scheduler/clock.ts:2: scheduler/ may not import podman/",
    ]);
  });

  it("are caught where a room that is loaded on demand is loaded at once", () => {
    const text = 'import { loadConfig } from "../../config/load.ts";';
    expect(planted("src/cli/commands/check.ts", text)).toEqual([
      "src/cli/commands/check.ts:1: cli/ may import config/ only by import() or import type",
    ]);
    expect(planted("src/cli/commands/check.ts", 'await import("../../config/load.ts");')).toEqual([]);
    expect(planted("src/cli/commands/check.ts", text.replace("import", "import type"))).toEqual([]);
  });

  it("are caught where a file of src/ itself imports a room", () => {
    expect(planted("src/log.ts", 'import { x } from "./rpc/protocol.ts";')).toEqual([
      "src/log.ts:1: src/*.ts may import only each other, not rpc/",
    ]);
  });

  it("are caught where they leave src/ or come from a room that nobody has drawn", () => {
    expect(planted("src/rpc/client.ts", 'import { x } from "../../test/kit/until.mjs";')).toEqual([
      "src/rpc/client.ts:1: leaves src/",
    ]);
    expect(planted("src/attic/box.ts", 'import { x } from "../rpc/client.ts";')).toEqual([
      "src/attic/box.ts:1: the room attic/ is not known",
    ]);
  });
});
