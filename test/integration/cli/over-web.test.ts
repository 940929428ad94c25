/** Commands that reach a daemon by the HTTP API of its `agentd web`, with TLS and a certificate of an authority of one's own. */
import { chmod, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { LogLine } from "../../../src/api/record-methods.ts";
import type { SessionView } from "../../../src/session-document.ts";
import { makeCertificate } from "../../kit/certificates.mjs";
import { freePort } from "../../kit/free-ports.mjs";
import { listed, sealed, view } from "../../kit/small-daemon.ts";
import { until } from "../../kit/until.mjs";
import { startWebUnderTest, type WebUnderTest } from "../../kit/web-under-test.ts";
import { agentdWith } from "./installed-cli.ts";

let home: string;
let web: WebUnderTest;
let token: string;
let env: Record<string, string>;
let waiting: number;
let end: (session: SessionView) => void;

/** Of a long log: every hundredth line is on stderr, and every second one goes on in the next. */
const LINES = 20_000;
const lineOf = (line: number): LogLine => ({
  ...{ line, time: "2026-02-03T04:05:06.789012345Z", text: `${line};`, goes_on: line % 2 === 1 },
  stream: line % 100 === 0 || line % 100 === 99 ? "stderr" : "stdout",
});
let served: number;

beforeEach(async () => {
  served = 0;
  home = await mkdtemp(join(tmpdir(), "agentd-desk-"));
  const { authorityFile } = await makeCertificate(home);
  waiting = 0;
  const ended = new Promise<SessionView>((resolve) => {
    end = resolve;
  });
  web = await startWebUnderTest({
    settings: { tls: { certificate: join(home, "server.pem"), key: join(home, "server.key") } },
    handlers: {
      list: () => listed(view()),
      wait: async (_params, { signal }) => {
        waiting += 1;
        return await Promise.race([
          ended,
          new Promise<never>((_, reject) => {
            signal.addEventListener("abort", () => reject(signal.reason as Error));
          }),
        ]);
      },
      show: async () => view(),
      log: async ({ from, count }) => {
        const first = from > 0 ? from : Math.max(1, LINES + 1 + from);
        const lines = Array.from({ length: Math.min(count, LINES + 1 - first) }, (_, index) =>
          lineOf(first + index),
        );
        served += lines.length;
        return { session_id: view().session_id, lines, total: LINES, bytes: 100 * LINES, complete: true };
      },
    },
  });
  token = join(home, "token");
  await writeFile(token, `${web.token}\n`, { mode: 0o600 });
  env = {
    AGENTD_HOST: `https://127.0.0.1:${web.port}`,
    AGENTD_TOKEN_FILE: token,
    NODE_EXTRA_CA_CERTS: authorityFile,
  };
});

afterEach(async () => {
  await web.close();
  await rm(home, { recursive: true });
});

const agentd = (variables: Record<string, string>, ...args: string[]) => agentdWith(home, variables, ...args);

describe("a host that is asked by HTTPS", () => {
  it("has a name with a token, and answers with all the others", async () => {
    const { AGENTD_HOST: address = "", AGENTD_TOKEN_FILE: file = "", ...rest } = env;
    const added = await agentd(rest, "context", "add", "build", address, "--token-file", file);
    expect(added).toMatchObject({ exitCode: 0, stderr: expect.stringContaining(address) as string });
    const shown = await agentd(rest, "--context", "build", "ps", "-q");
    expect(shown).toMatchObject({ exitCode: 0, stdout: `${view().session_id}\n` });
    const all = await agentd(rest, "ps", "--all-contexts");
    expect(all.stdout).toMatch(new RegExp(`build +${view().session_id.slice(-6)} +demo`));
  });

  it("is waited for while its daemon, or the way to it, is away", async () => {
    const command = agentd(env, "wait", view().session_id);
    await until("the wait", () => waiting === 1);
    await web.daemon.server.close();
    await web.daemon.next();
    await until("another wait", () => waiting === 2);
    end(sealed({ outcome: "work_failed", exit_code: 5 }));
    const { exitCode, stderr } = await command;
    expect([exitCode, stderr]).toEqual([5, expect.stringContaining("the daemon is back")]);
  });

  it.each([
    [["--tail", "2"], "stdout", "19997;19998;\n"],
    [["--tail", "1", "--stream", "stderr"], "stderr", "19999;20000;\n"],
    [["--tail", "0"], "stdout", ""],
  ] as const)("sends the end of a log alone: %j", async (options, stream, expected) => {
    const printed = await agentd(env, "logs", ...options, view().session_id);
    expect(printed).toMatchObject({ exitCode: 0, [stream]: expected });
    expect(served).toBeLessThan(1_000);
  });

  it.each([
    [
      "another token",
      async () => writeFile(token, "nonsense-nonsense-nonsense-nonsense\n"),
      "login_required",
    ],
    ["a token that others can read", async () => chmod(token, 0o644), "permissions_unsafe"],
    ["no token", async () => rm(token), "token_unusable"],
    ["no word of a token", () => Promise.resolve((env["AGENTD_TOKEN_FILE"] = "")), "no file is named"],
    ["an unknown authority", () => Promise.resolve((env["NODE_EXTRA_CA_CERTS"] = "")), "host_unreachable"],
    [
      "nobody who answers",
      async () => (env["AGENTD_HOST"] = `https://127.0.0.1:${await freePort()}`),
      "host_unreachable",
    ],
  ])("is an error with %s", async (_what, change, told) => {
    await change();
    const { exitCode, stdout, stderr } = await agentd(env, "ps");
    expect([exitCode, stdout, stderr]).toEqual([1, "", expect.stringContaining(told)]);
    expect(stderr).not.toContain(web.token);
  });

  it.each([
    [["exec", "e81234", "--", "true"], 125, "needs more of the host"],
    [["audit", "verify", "--all"], 2, "needs more of the host"],
    [["logs", "--raw", "e81234"], 2, "no --raw"],
  ])("does not take %j", async (args, code, why) => {
    const { exitCode, stderr } = await agentd(env, ...args);
    expect([exitCode, stderr]).toEqual([code, expect.stringContaining(why)]);
  });
});
