import { describe, expect, it } from "vitest";
import { type Import, importsOf } from "../../kit/imports.ts";
import { type SourceFile, sourceFiles } from "../../kit/source-files.ts";

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
    lazilyTo: [
      "input",
      "daemon",
      "keep",
      "config",
      "profile",
      "audit",
      "systemd",
      "podman",
      "workspace",
      "credentials",
      "trees",
      "work",
      "gateway",
      "llm",
      "publish",
      "images",
      "redaction",
      "events",
      "volumes",
      "remote",
      "webhooks",
      "mcp",
      "web",
      "runner",
    ],
    lightFiles: [
      "src/input/rules.ts",
      "src/podman/console-log.ts",
      "src/podman/console-end.ts",
      "src/profile/rules/durations.ts",
      "src/config/paths.ts",
      "src/config/socket-path.ts",
      "src/work/summary.ts",
      "src/gateway/log/egress-hosts.ts",
      "src/redaction/fingerprints.ts",
      "src/redaction/kept-fingerprints.ts",
      "src/redaction/redacted-stream.ts",
      "src/redaction/redactions.ts",
      "src/redaction/redact-text.ts",
      "src/redaction/shown-as-is.ts",
    ],
  },
  // Of input its bounds, of events what they look like.
  api: { to: ["profile", "input", "events"] },
  // Of input its bounds.
  rpc: { to: ["api", "input"] },
  // Of gateway which variables a session with language models gets.
  // Of notify and sinks what their settings are.
  config: { to: ["profile", "workspace", "credentials", "gateway", "notify", "sinks"] },
  // For their rules alone: which repositories are accepted, which names of variables, which hosts, which prices and branches.
  profile: { to: ["workspace", "credentials", "gateway", "input", "llm", "publish", "webhooks"] },
  // Of input and workspace their rules.
  webhooks: { to: ["input", "workspace"] },
  scheduler: { to: ["api", "rpc"] },
  // Of the workspace its rules alone: which repositories and refs are accepted. Of the record its types.
  sessions: { to: ["profile", "workspace", "input"], lazilyTo: ["audit"] },
  // Of sessions its ports and how they wait.
  keep: { to: ["sessions", "profile"] },
  // Of sessions the port alone.
  followups: { to: ["sessions"] },
  local: { to: ["sessions", "profile", "podman", "credentials", "input"] },
  input: { to: ["trees"] },
  workspace: { to: ["trees"] },
  credentials: { to: [] },
  podman: { to: ["programs"] },
  // Of config the definitions of agents; of podman which variables its programs may have.
  images: { to: ["config", "podman", "trees"] },
  // Of rpc how the daemon asks a program beside it.
  // Of trees how bytes of names are kept; of programs how one is found and ended.
  placement: { to: ["rpc", "trees", "programs"] },
  // Of placement the port.
  slurm: { to: ["placement"] },
  // Of sessions the port; of audit how a record is verified; of redaction the name of a file.
  placed: { to: ["sessions", "profile", "placement", "audit", "trees", "redaction"] },
  programs: { to: [] },
  audit: { to: ["trees"] },
  // Of podman the form of its log alone.
  redaction: { to: ["podman"] },
  // Of profile how volumes are named.
  volumes: { to: ["profile"] },
  // Of the wire its types alone.
  mcp: { to: ["api", "rpc"] },
  // Of config how a TOML file is read; of the wire its methods.
  remote: { to: ["config", "trees", "api", "rpc"] },
  trees: { to: [] },
  // What the lines of others look like.
  events: { to: [], lazilyTo: ["audit", "scheduler"] },
  notify: { to: ["events"] },
  sinks: { to: ["events"] },
  work: { to: ["trees", "workspace"] },
  publish: { to: ["trees", "workspace", "work"] },
  systemd: { to: [] },
  // Of rpc how messages are cut from a stream and where a socket may lie; of programs how one is found and ended.
  gateway: { to: ["rpc", "programs", "llm"] },
  // Of rpc how lines are cut from a stream.
  llm: { to: ["rpc"] },
  // One session on another machine: the daemon's own parts, without server, scheduler and queue.
  runner: { to: ["daemon", "sessions", "config", "audit", "placement", "trees"] },
  // For browsers: of the daemon the types of what it answers, and nothing that runs.
  console: { to: [], lazilyTo: ["api", "web"] },
  // Of config where it listens and its socket; of input its bounds; of credentials how a file of secrets is read; of the
  // others how the files of a record are read, and old deliveries removed.
  web: {
    to: [
      ...["api", "rpc", "config", "webhooks", "input", "credentials"],
      ...["audit", "llm", "gateway", "redaction", "trees"],
    ],
  },
  daemon: {
    to: [
      "api",
      "rpc",
      "config",
      "profile",
      "scheduler",
      "sessions",
      "keep",
      "followups",
      "local",
      "work",
      "workspace",
      "credentials",
      "input",
      "podman",
      "audit",
      "systemd",
      "trees",
      "work",
      "gateway",
      "llm",
      "publish",
      "redaction",
      "events",
      "volumes",
      "notify",
      "sinks",
      "placed",
      "placement",
      "slurm",
    ],
  },
};

/**
 * The rooms within a room, from the ground up: each imports only those before it. What lies in the room itself may
 * import all of them, and none of them that.
 */
const FLOORS: Readonly<Record<string, readonly string[]>> = {
  audit: ["keys", "format", "chain", "read", "seal", "open", "verify", "upkeep"],
  cli: [
    "terminal",
    "console",
    "words",
    "frame",
    "work",
    "service",
    "attend",
    "doctor",
    "completion",
    "manual",
    "commands",
  ],
  console: ["base", "parts", "session", "pages"],
  daemon: ["process", "configuration", "feed"],
  gateway: ["rules", "log", "proxy", "sockets", "control", "client"],
  llm: ["money", "prices", "json", "dialects", "metering", "ledger", "budget", "server"],
  placement: ["claims", "channel", "record", "client"],
  podman: ["service", "host", "containers", "confinement", "exits", "images"],
  profile: ["rules", "keys"],
  publish: ["rules", "push", "forges"],
  sessions: ["port", "state", "queue", "parts", "run", "launch", "end", "recovery"],
  web: ["words", "guard", "probes", "records", "live", "api", "hooks", "server"],
  work: ["bounds", "git", "base", "commits", "files", "artifacts", "keep"],
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
  if (there === undefined) return undefined;
  if (there === here) return faultWithin(here, from, to);
  if (here === undefined) return `src/*.ts may import only each other, not ${there}/`;
  const arrows = ROOMS[here];
  if (arrows === undefined) return `the room ${here}/ is not known`;
  if (arrows.to.includes(there)) return undefined;
  if (arrows.lazilyTo?.includes(there) !== true) return `${here}/ may not import ${there}/`;
  if (kind !== "static" || arrows.lightFiles?.includes(to) === true) return undefined;
  return `${here}/ may import ${there}/ only by import() or import type`;
}

/** What is wrong with an import within a room; undefined when it is allowed. */
function faultWithin(room: string, from: string, to: string): string | undefined {
  const [here, there] = [innerRoomOf(from), innerRoomOf(to)];
  if (here === there || here === undefined) return undefined;
  const floors = FLOORS[room] ?? [];
  const below = floors.slice(0, floors.indexOf(here));
  if (!floors.includes(here)) return `the room ${room}/${here}/ is not known`;
  if (there !== undefined && below.includes(there)) return undefined;
  return `${room}/${here}/ may not import ${there === undefined ? `what lies in ${room}/` : `${room}/${there}/`}`;
}

/** `read` for `src/audit/read/query.ts`; undefined for a file that lies in its room itself. */
function innerRoomOf(path: string): string | undefined {
  return /^src\/[^/]+\/([^/]+)\//.exec(path)?.[1];
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

  it("are caught where a room within a room imports one above it, or the room itself", () => {
    const upwards = 'import { prune } from "../upkeep/prune.ts";';
    expect(planted("src/audit/seal/seal.ts", upwards)).toEqual([
      "src/audit/seal/seal.ts:1: audit/seal/ may not import audit/upkeep/",
    ]);
    expect(planted("src/podman/exits/bell.ts", 'import { Engine } from "../engine.ts";')).toEqual([
      "src/podman/exits/bell.ts:1: podman/exits/ may not import what lies in podman/",
    ]);
    expect(planted("src/audit/attic/box.ts", upwards)).toEqual([
      "src/audit/attic/box.ts:1: the room audit/attic/ is not known",
    ]);
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
