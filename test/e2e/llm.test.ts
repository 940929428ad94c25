import { mkdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { expectNothingLeft } from "../kit/house/nothing-left.ts";
import { provideModels } from "../kit/house/provider.ts";
import { MICRO_PER_ANSWER, MODEL, type ModelServer, USED } from "../kit/model-server.ts";
import { sendSignal } from "../kit/processes.mjs";
import { readJournal } from "../kit/records.mjs";
import { makeSecret } from "../kit/secrets.mjs";
import { until } from "../kit/until.mjs";
import type { World } from "../kit/world.ts";
import { AtAFailpoint, killDaemon, letGo, reaches } from "./at-a-failpoint.ts";
import { inAWorld } from "./in-a-world.ts";

/** A shell function that asks for an answer and puts it into a file; it fails when there is none. */
const ASK = `
ask() {
  wget -Y off -q -O "$1" --header "x-api-key: $ANTHROPIC_API_KEY" --header "anthropic-version: 2023-06-01" \\
    --header "content-type: application/json" \\
    --header 'Content-Type: application/json' --post-data '{"model":"${MODEL}","max_tokens":100,"messages":[{"role":"user","content":"hello"}]}' \\
    "$ANTHROPIC_BASE_URL/v1/messages"
}
`;

const WAIT = "until [ -e .runa/go ]; do sleep 0.1; done";

/** Gives the world's profile a provider. @returns the provider, and its key. */
async function withProvider(world: World, llm: Readonly<Record<string, string | number | boolean>> = {}) {
  world.profileKeys["llm"] = { providers: ["test"], ...llm };
  return await provideModels(world);
}

function answersOf({ answered }: ModelServer): number {
  return [...answered.values()].reduce((sum, count) => sum + count, 0);
}

async function gatewayPid(world: World): Promise<number> {
  const { sandbox, instance } = await world.daemon();
  const path = join(sandbox.runtimeDirectory(instance), "gateway-2.json");
  return await until("the gateway's record", async () => {
    const text = await readFile(path, "utf8").catch(() => "{}");
    return /"pid":\s*(\d+)/.exec(text)?.[1];
  }).then(Number);
}

async function jsonOf(world: World, command: string): Promise<Record<string, unknown>> {
  const typed = await world.start(command);
  expect(await typed.end(), typed.story()).toBe(0);
  return JSON.parse(typed.stdout.toString()) as Record<string, unknown>;
}

async function start(world: World, script: string): Promise<void> {
  await world.commitAgent(`${ASK}${script}`);
  await (await world.start("agentd run site-builder --detach")).end();
}

describe("a session with language models", () => {
  it(
    "gets answers without a key and without any network, and its record has what they cost",
    inAWorld(async (world) => {
      const { key, server } = await withProvider(world, { max_usd: 1 });
      await start(world, `ask .runa/one && ask .runa/two\nenv | grep -v API_KEY > .runa/env\n${WAIT}`);
      await until("two answers", () => Promise.resolve(answersOf(server) === 2));
      const used = {
        requests: 2,
        refused: 0,
        input_tokens: 2 * USED.input,
        cached_tokens: 0,
        output_tokens: 2 * USED.output,
        usd: (2 * MICRO_PER_ANSWER) / 1e6,
        models: [MODEL],
        exact: true,
      };
      await until("its numbers", async () => {
        const { llm } = (await jsonOf(world, "agentd show SESSION --json")) as { llm: { requests: number } };
        return llm.requests === 2;
      });
      expect(await jsonOf(world, "agentd show SESSION --json")).toMatchObject({ llm: used });
      const listed = await world.start("agentd ps");
      expect(await listed.end()).toBe(0);
      expect(listed.stdout.toString()).toMatch(/TOKENS +COST/);
      expect(listed.stdout.toString()).toMatch(/ 60 +<\$0\.0001/);
      expect(await jsonOf(world, "agentd usage --by model --json")).toMatchObject({
        rows: [{ model: MODEL, sessions: 1, requests: 2, usd: 0.00006 }],
      });
      await letGo(world);
      await reaches(world, "sealed");
      const record = await world.record();
      expect(await record.document()).toMatchObject({ outcome: "success", llm: used, warnings: [] });
      expect(await readFile(join(record.path, "runa/one"), "utf8")).toContain("the answer");
      expect(await readFile(join(record.path, "runa/env"), "utf8")).not.toContain(key);
      const ledger = await readFile(join(record.path, "agentd/llm.jsonl"), "utf8");
      expect(ledger.trim().split("\n")).toHaveLength(4);
      expect(ledger).not.toContain("hello");
      expect(ledger).not.toContain("the answer");
      expect(await readFile(join(record.path, "SHA256SUMS"), "utf8")).toContain("  agentd/llm.jsonl\n");
      const verified = await world.start("agentd audit verify SESSION");
      expect(await verified.end(), verified.story()).toBe(0);
      expect(server.lastHeaders()).toMatchObject({ "x-api-key": key });
      await expectNothingLeft(world);
    }),
  );

  it(
    "has its models in a private network too, where nothing is logged of what it reaches",
    inAWorld(async (world) => {
      const { server } = await withProvider(world);
      world.profileKeys["network"] = "private";
      await start(
        world,
        `ask .runa/one\nnc 127.0.0.1 8791 -e true && touch .runa/proxy\nenv > .runa/env\ntrue`,
      );
      await reaches(world, "sealed");
      const record = await world.record();
      expect(answersOf(server)).toBe(1);
      expect(await record.document()).toMatchObject({
        outcome: "success",
        egress: null,
        llm: { requests: 1 },
      });
      await expect(readFile(join(record.path, "runa/proxy"))).rejects.toThrow("ENOENT");
      await expect(readFile(join(record.path, "agentd/egress.jsonl"))).rejects.toThrow("ENOENT");
      expect(await readFile(join(record.path, "runa/env"), "utf8")).not.toContain("HTTP_PROXY");
    }),
  );

  it(
    "ends as budget_exhausted when nothing more fits into its budget",
    inAWorld(async (world) => {
      const { server } = await withProvider(world, { max_usd: 0.0013 });
      await world.commitAgent(`${ASK}while true; do ask .runa/answer || echo refused; sleep 0.2; done`);
      const run = await world.start("agentd run site-builder");
      expect(await run.end()).toBe(122);
      await reaches(world, "sealed");
      const record = await world.record();
      const { outcome, cause, llm } = await record.document();
      expect(outcome).toBe("budget_exhausted");
      expect(cause).toContain("max_usd");
      expect(llm?.requests).toBe(answersOf(server));
      expect(answersOf(server)).toBeGreaterThan(1);
      expect(llm?.usd).toBe((answersOf(server) * MICRO_PER_ANSWER) / 1e6);
      expect((await readJournal(record.path)).map(({ event }) => event)).toContain("end_ordered");
      await expectNothingLeft(world);
    }),
  );

  it(
    "goes on when its profile only refuses",
    inAWorld(async (world) => {
      await withProvider(world, { max_requests: 1, on_exhausted: "refuse" });
      await start(world, "ask .runa/one\nask .runa/two || echo refused\nexit 3");
      await reaches(world, "sealed");
      expect(await (await world.record()).document()).toMatchObject({
        outcome: "blocked",
        llm: { requests: 1, refused: 1 },
      });
    }),
  );

  it(
    "ends as llm_refused when its provider refuses the key, in the provider's words but without the key",
    inAWorld(async (world) => {
      const { key, server } = await withProvider(world);
      server.keys.clear();
      await world.commitAgent(`${ASK}while true; do ask .runa/answer; sleep 0.1; done`);
      const run = await world.start("agentd run site-builder");
      expect(await run.end()).toBe(119);
      await reaches(world, "sealed");
      const record = await world.record();
      const { outcome, cause } = await record.document();
      expect(outcome).toBe("llm_refused");
      expect(cause).toContain("was revoked");
      expect(cause).not.toContain(key);
    }),
  );

  it.each([
    [1, "llm_refused"],
    [3, "blocked"],
    [0, "success"],
  ] as const)("whose refused command gives up with exit code %d ends as %s", async (code, outcome) => {
    const givesUp = inAWorld(async (world) => {
      const { server } = await withProvider(world);
      server.keys.clear();
      await start(world, `ask .runa/answer\nexit ${code}`);
      await reaches(world, "sealed");
      expect(await (await world.record()).document()).toMatchObject({ outcome, exit_code: code });
    });
    await givesUp();
  });

  it(
    "keeps the failure of its command when its last answer was none of the provider's refusals",
    inAWorld(async (world) => {
      await withProvider(world);
      await start(world, "ask .runa/answer\nexit 1");
      await reaches(world, "sealed");
      expect(await (await world.record()).document()).toMatchObject({
        outcome: "generic_failure",
        cause: null,
      });
    }),
  );

  it(
    "uses a key that is changed while it runs, after a reload",
    inAWorld(async (world) => {
      const { key, server } = await withProvider(world);
      await start(world, `ask .runa/one\n${WAIT}\nask .runa/two`);
      await until("the first answer", () => Promise.resolve(answersOf(server) === 1));
      const fresh = makeSecret();
      server.keys.clear();
      server.keys.add(fresh);
      const { sandbox } = await world.daemon();
      world.spoilt = true;
      const directory = join(sandbox.directory, "config", "agentd");
      await mkdir(directory, { recursive: true });
      await writeFile(
        join(directory, "credentials.env"),
        `PROVIDER_KEY=${fresh}
`,
        { mode: 0o600 },
      );
      expect(await (await world.start("agentd reload")).end()).toBe(0);
      await letGo(world);
      await reaches(world, "sealed");
      expect(await (await world.record()).document()).toMatchObject({ outcome: "success" });
      expect([...server.answered.entries()]).toEqual([
        [key, 1],
        [fresh, 1],
      ]);
    }),
  );

  it(
    "fails to start without its provider's key, and says which",
    inAWorld(async (world) => {
      await withProvider(world);
      delete world.variables["PROVIDER_KEY"];
      await start(world, "touch .runa/started");
      await reaches(world, "sealed");
      const record = await world.record();
      const document = await record.document();
      expect(document).toMatchObject({ outcome: "launch_failed", stage: "credentials", llm: null });
      expect(document.cause).toContain("PROVIDER_KEY");
      await expect(readFile(join(record.path, "runa/started"))).rejects.toThrow("ENOENT");
    }),
  );

  it(
    "keeps models, token and budget through the death of daemon and gateway, and is ended by the next daemon",
    inAWorld(async (world) => {
      const { server } = await withProvider(world, { max_usd: 0.0013 });
      await start(world, `ask .runa/one\n${WAIT}\nwhile true; do ask .runa/answer || true; sleep 0.2; done`);
      // What is not settled when the gateway dies is charged in full.
      await until("the first answer in the ledger", async () => {
        const { path } = await world.record();
        const ledger = await readFile(join(path, "agentd/llm.jsonl"), "utf8").catch(() => "");
        return ledger.includes('"settle"');
      });
      await killDaemon(world);
      sendSignal(await gatewayPid(world), "SIGKILL");
      await world.startDaemonAgain();
      const record = await world.record();
      await until("the return of the network", async () =>
        (await readJournal(record.path)).some(({ event }) => event === "network_restored"),
      );
      await letGo(world);
      await reaches(world, "sealed");
      const { outcome, llm } = await record.document();
      expect(outcome).toBe("budget_exhausted");
      expect(llm?.requests).toBe(answersOf(server));
      expect(answersOf(server)).toBeGreaterThan(1);
      expect((llm?.usd ?? 0) * 1e6).toBeCloseTo(answersOf(server) * MICRO_PER_ANSWER);
      await expectNothingLeft(world);
    }),
  );

  it(
    "is ended by the next daemon when its budget was spent while none lived",
    inAWorld(async (world) => {
      const { server } = await withProvider(world, { max_requests: 2 });
      await start(
        world,
        `ask .runa/one\n${WAIT}\nask .runa/two\nask .runa/three || touch .runa/refused\nsleep 1000`,
      );
      await until("the first answer", () => Promise.resolve(answersOf(server) === 1));
      await killDaemon(world);
      await letGo(world);
      const { path } = await world.record();
      await until(
        "the refusal",
        async () => (await readFile(join(path, "runa/refused")).catch(() => undefined)) !== undefined,
      );
      await world.startDaemonAgain();
      await reaches(world, "sealed");
      expect(await (await world.record()).document()).toMatchObject({
        outcome: "budget_exhausted",
        llm: { requests: 2, refused: 1 },
      });
    }),
  );

  it(
    "has the token that its next daemon hands over, when the first one died before it did",
    inAWorld(async (world) => {
      const { server } = await withProvider(world);
      const failpoint = await AtAFailpoint.arm(world, "running_journaled=crash");
      await world.commitAgent(`${ASK}ask .runa/one`);
      const run = await world.start("agentd run site-builder --detach");
      await run.end();
      await failpoint.hit("running_journaled");
      world.spoilt = true;
      await failpoint.startDaemonAgain();
      await reaches(world, "sealed");
      expect(await (await world.record()).document()).toMatchObject({
        outcome: "success",
        llm: { requests: 1 },
      });
      expect(answersOf(server)).toBe(1);
    }),
  );
});
