import { mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { createSandbox, type Sandbox } from "../kit/agentd.mjs";
import { allProcesses, makeSecret } from "../kit/secrets.mjs";
import { until } from "../kit/until.mjs";

/** Stands in for the program whose other end only a service manager has: notes with what it was started, each time. */
const NOTIFY = `#!/bin/sh
directory=$(dirname "$0")
{ printf '%s\\n' "$*"; env; echo; } >>"$directory/told"
`;

let sandbox: Sandbox;
let programs: string;

beforeEach(async () => {
  sandbox = await createSandbox();
  programs = await mkdtemp(join(tmpdir(), "agentd-notify-"));
  await writeFile(join(programs, "systemd-notify"), NOTIFY, { mode: 0o755 });
  await sandbox.writeConfig({
    profiles: [{ name: "demo", base_image: "localhost/agentd-test/nowhere", command: ["true"] }],
  });
});
afterEach(async () => {
  await sandbox.close();
  await rm(programs, { recursive: true });
});

/** What the program was started with, each time: its arguments, and its environment by names. */
async function told(): Promise<
  { readonly words: string; readonly names: string[]; readonly text: string }[]
> {
  const text = await readFile(join(programs, "told"), "utf8").catch(() => "");
  return text
    .split("\n\n")
    .filter(Boolean)
    .map((entry) => {
      const [words = "", ...variables] = entry.split("\n");
      return { words, names: variables.map((line) => line.split("=")[0] ?? ""), text: entry };
    });
}

describe("the daemon's environment", () => {
  it("is known to no child: process.env has only what children may have", async () => {
    const [secret, written] = [makeSecret(), makeSecret()];
    await mkdir(join(sandbox.directory, "config", "agentd"), { recursive: true });
    await writeFile(join(sandbox.directory, "config", "agentd", "credentials.env"), `WRITTEN=${written}\n`, {
      mode: 0o600,
    });
    const daemon = await sandbox.startDaemon({
      env: {
        PATH: `${programs}:${sandbox.env["PATH"] ?? ""}`,
        NOTIFY_SOCKET: "@agentd-test",
        WATCHDOG_USEC: "300000",
        SITE_TOKEN: secret,
      },
    });
    await until("messages about readiness and the watchdog", async () => {
      const words = (await told()).map((each) => each.words).join("\n");
      return words.includes("--ready") && words.includes("WATCHDOG=1");
    });
    // The first comes from the package, which passes process.env on as it is.
    const [ready] = await told();
    expect(ready?.words).toContain("--ready");
    const mayHave = ["HOME", "LANG", "NOTIFY_SOCKET", "PATH", "PWD", "XDG_RUNTIME_DIR", "TMPDIR", "_"];
    expect(ready?.names.filter((name) => !mayHave.includes(name))).toEqual([]);
    for (const { text } of await told()) expect(text).not.toContain(secret);

    const others = (await allProcesses()).filter(({ pid }) => pid !== daemon.pid);
    expect(others.filter(({ environment = "" }) => environment.includes(secret))).toEqual([]);
    expect((await allProcesses()).filter(({ environment = "" }) => environment.includes(written))).toEqual(
      [],
    );
    expect(await daemon.stop()).toBe(0);
    expect((await told()).at(-1)?.words).toContain("STOPPING=1");
  });
});
