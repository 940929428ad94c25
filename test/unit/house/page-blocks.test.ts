/**
 * What a person copies from the README and the pages works. Configurations are loaded by test/integration/config/pages.test.ts, and
 * commands of agentd are read by its own parser in test/unit/cli/documentation.test.ts. Every other block is in a list here, with
 * the test that uses it or the reason why none can: a new one fails until somebody decides.
 */
import { readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { describe, expect, it } from "vitest";
import { allPages, type Block, blocksOf } from "../../kit/markdown.ts";

const CHECKOUT = resolve(import.meta.dirname, "../../..");

/** What uses a block: a file, and words in it that show that. */
type UsedBy = readonly [file: string, words: string];

const TYPED: UsedBy = ["test/e2e/page-lines.test.ts", "docs/"];

/** By page: how a block begins that has more than commands of agentd, and what uses it. */
const USED: Readonly<Record<string, Readonly<Record<string, UsedBy>>>> = {
  "docs/audit.md": {
    "sed -n 2p agentd/events.jsonl": TYPED,
    "cd METHODOLOGY": [
      "test/integration/audit/methodology-digest.test.ts",
      "LC_ALL=C sort -z | xargs -0 sha256sum",
    ],
    "(cd record && sha256sum": ["test/integration/audit/export.test.ts", "readmeBlocks"],
    "cosign verify-blob-attestation": ["test/cosign/export.test.ts", "cosign"],
    "field() {": ["test/integration/audit/export.test.ts", "readmeBlocks"],
  },
  "docs/hands.md": { "agentd exec site-builder": TYPED },
  "docs/hardening.md": {
    "#!/bin/sh": ["test/host/scenarios/runtimes.mjs", "--ignore-cgroups --network=host --host-fifo=open"],
  },
  "docs/host.md": {
    "env HOME=/home/USER": ["examples/runit/run", "agentd daemon --shutdown=detach"],
    "sudo cp -r /usr/lib/agentd/examples/runit": ["test/contained/without-systemd.test.ts", "cp -r /usr/lib"],
    "sudo cp /usr/lib/agentd/examples/openrc": [
      "test/contained/without-systemd.test.ts",
      "rc-service agentd",
    ],
    "npm run package": ["test/contained/beside-podman.test.ts", "Containerfile"],
    "npm install --global --prefix ~/.local agentd.tgz": ["test/host/guest/operator.mjs", '"--prefix"'],
    "sudo apt-get install ./packages/agentd_": [
      "test/integration/packaging/package.test.ts",
      '"--install", deb',
    ],
    "; What Fedora's container-selinux": ["test/host/README.md", "SELinux"],
    "#!/bin/sh": [
      "test/host/image/overlay-selinux/usr/local/bin/conmon",
      "exec runcon -l s0 /usr/bin/conmon",
    ],
    "[Service]": ["test/unit/systemd/unit-page.test.ts", "host.md"],
  },
  "docs/input.md": { "agentd run fixer": TYPED },
  "docs/mcp.md": {
    "claude mcp add": ["test/kit/agents/mcp-client.ts", "mcp.md"],
    '{ "mcpServers"': ["test/e2e/mcp.test.ts", "mcp.md"],
  },
  "docs/notifications.md": {
    "#!/bin/sh": ["test/e2e/notifications.test.ts", "notifications.md"],
    "account default": ["test/e2e/notifications.test.ts", "msmtp"],
  },
  "docs/tutorial.md": {
    "npm run package": ["test/e2e/tutorial.test.ts", "docs/tutorial.md"],
    "nano ": ["test/e2e/tutorial.test.ts", "docs/tutorial.md"],
    "agentd show --latest": ["test/e2e/tutorial.test.ts", "docs/tutorial.md"],
  },
  "docs/web.md": { "token=$(cat": TYPED },
};

const SHOWN = "shows what a command prints, or what a file has";

/** As above, with the reason why no test uses it. */
const NOT_USED: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  "README.md": {
    "npm run quickstart": "installs packages on the host and makes a user; it checks each step itself",
    "npm ci && npm run build":
      "needs a checkout of its own; test/integration/packaging installs what comes out",
    "sudo apt-get install podman":
      "changes the host; test/machine installs the same packages before all tests",
    "agentd apply site-builder": "its ids are examples; features/work.feature does the same with real ones",
    SHA256SUMS: SHOWN,
  },
  "docs/audit.md": { "<audit root>": SHOWN, "artifacts/dist/app.js": SHOWN },
  "docs/events.md": { "2026-01-02T": SHOWN },
  "docs/notifications.md": { "{": SHOWN },
  "docs/performance.md": {
    "npm run bench": "measures: a machine that runs tests makes its figures worthless",
  },
  "docs/protocol.md": {
    '$ echo \'{"jsonrpc"': "needs a netcat, which few hosts have; test/unit/rpc reads the page",
  },
  "docs/redaction.md": { '{"time":': SHOWN },
  "docs/upgrade.md": {
    "agentd version": "changes the host; test/host upgrades and goes back",
    "sudo apt-get install --allow-downgrades": "changes the host; test/host upgrades and goes back",
    "this version of agentd": SHOWN,
    "agentd service uninstall": "changes the host; test/host uninstalls",
  },
  "docs/volumes.md": { "queued #1": SHOWN },
  "docs/web.md": { "agentd web ": "needs systemd; test/host starts the unit" },
  "docs/webhooks.md": { "location /hooks/": "is for a program that no test has" },
};

/** Lines that are typed and are not agentd's alone. */
function othersIn({ language, code }: Block): boolean {
  const lines = code.split("\n").filter((line) => line.trim() !== "");
  if (language === "sh") return lines.some((line) => !/^agentd /.test(line));
  if (language === "console") return lines.some((line) => /^\$ (?!agentd )/.test(line));
  return language !== "toml";
}

/** Of how blocks begin, by the lists, the one that fits. */
function entryOf({ page, code }: Block): string | undefined {
  const known = { ...USED[page], ...NOT_USED[page] };
  return Object.keys(known).find((beginning) => code.startsWith(beginning));
}

const BLOCKS = allPages().flatMap(blocksOf).filter(othersIn);

describe("blocks of pages", () => {
  it("are found", () => {
    expect(BLOCKS.length).toBeGreaterThan(30);
  });

  it.each(BLOCKS)("are used by a test, or cannot be: $page, line $line", (block) => {
    expect(entryOf(block)).toBeDefined();
  });

  it("are all that the lists name", () => {
    const there = BLOCKS.map((block) => `${block.page}: ${entryOf(block)}`);
    const named = [USED, NOT_USED].flatMap((list) =>
      Object.entries<object>(list).flatMap(([page, blocks]) =>
        Object.keys(blocks).map((line) => `${page}: ${line}`),
      ),
    );
    expect(named.filter((each) => !there.includes(each))).toEqual([]);
  });

  const users = Object.values(USED).flatMap((blocks): UsedBy[] => Object.values(blocks));
  it.each(users)("are used by %s", (file, words) => {
    expect(readFileSync(join(CHECKOUT, file), "utf8")).toContain(words);
  });
});
