import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { execa } from "execa";
import { describe, expect, it } from "vitest";
import type { FailpointLabel } from "../../src/failpoints.ts";
import { expectNothingLeft } from "../kit/house/nothing-left.ts";
import type { World } from "../kit/world.ts";
import { AtAFailpoint, letGo, reaches, startsOf } from "./at-a-failpoint.ts";
import { inAWorld } from "./in-a-world.ts";

/** Everything that a shell, JSON or a terminal could trip over. */
const HARD_TEXT = `'single' "double" \`back\` $(touch /tmp/no) $HOME \\n \\ 🙂\r\n\ttab\n\n#end`;

/** Copies what it was given to where the record keeps it. */
const COPYING_AGENT = `
cp -r /agentd/input .runa/input
printf %s "\${AGENTD_REQUEST-unset}" > .runa/variable
printf %s "\${AGENTD_REQUEST_FILE-unset}" > .runa/file
for argument; do printf '%s\\0' "$argument"; done > .runa/arguments
env > .runa/env
if (echo more >> /agentd/input/request.txt) 2>/dev/null; then exit 9; fi
if (rm -f /agentd/input/request.txt) 2>/dev/null; then exit 9; fi
if (chmod 777 /agentd/input) 2>/dev/null; then exit 9; fi
`;

async function recordFile(world: World, path: string): Promise<Buffer> {
  return await readFile(join((await world.record()).path, path));
}

async function put(world: World, name: string, content: string | Buffer): Promise<string> {
  const path = join(world.house.hostFiles, name);
  await writeFile(path, content);
  return path;
}

async function run(world: World, text: string): Promise<number> {
  return await (await world.start(text)).end();
}

async function argumentsOf(world: World): Promise<string[]> {
  return (await recordFile(world, "runa/arguments")).toString().split("\0").slice(0, -1);
}

describe("a request", () => {
  it(
    "of 1 MiB is mounted read-only and sealed with the bytes that were given",
    inAWorld(async (world) => {
      await world.commitAgent(COPYING_AGENT);
      const request = Buffer.alloc(1024 * 1024, `${HARD_TEXT}\n`);
      // Of the last character, only whole ones.
      const whole = Buffer.from(request.toString("utf8").replaceAll("\uFFFD", "x"));
      const file = await put(world, "request", whole.subarray(0, 1024 * 1024));
      expect(await run(world, `agentd run site-builder --request-file ${file}`)).toBe(0);
      const given = await readFile(file);
      expect(await recordFile(world, "agentd/input/request.txt")).toEqual(given);
      expect(await recordFile(world, "runa/input/request.txt")).toEqual(given);
      expect((await recordFile(world, "runa/variable")).toString()).toBe("unset");
      expect((await recordFile(world, "runa/file")).toString()).toBe("/agentd/input/request.txt");
      const record = await world.record();
      expect(await record.document()).toMatchObject({
        request_bytes: given.length,
        inputs: [],
        outcome: "success",
      });
      await execa("sha256sum", ["--strict", "--check", "SHA256SUMS"], { cwd: record.path });
      expect((await recordFile(world, "SHA256SUMS")).toString()).toContain("  agentd/input/request.txt\n");
      expect(await run(world, `agentd audit verify ${record.id}`)).toBe(0);
      const archive = join(world.house.hostFiles, "record.tar.gz");
      expect(await run(world, `agentd audit export ${record.id} --output ${archive}`)).toBe(0);
      const { stdout } = await execa("tar", ["--list", "--file", archive]);
      expect(stdout).toContain("/record/agentd/input/request.txt");
      await expectNothingLeft(world);
    }),
  );

  it(
    "reaches the command as one argument, whatever it contains, and no other text of the command is expanded",
    inAWorld(async (world) => {
      await world.commitAgent(COPYING_AGENT);
      world.profileKeys["command"] = [
        ...[
          "/bin/sh",
          "agent.sh",
          "$AGENTD_REQUEST",
          "a $AGENTD_REQUEST",
          "$AGENTD_WORK_UNIT",
          "$AGENTD_REF",
        ],
        ...["$HOME", "${AGENTD_REQUEST}"],
      ];
      const file = await put(world, "request", HARD_TEXT);
      expect(
        await run(world, `agentd run site-builder --work-unit w-1 --ref main --request-file - < ${file}`),
      ).toBe(0);
      expect(await argumentsOf(world)).toEqual([
        ...[HARD_TEXT, "a $AGENTD_REQUEST", "w-1", "main", "$HOME", "${AGENTD_REQUEST}"],
      ]);
      expect((await recordFile(world, "runa/variable")).toString()).toBe(HARD_TEXT);
      expect((await (await world.record()).document()).command).toContain("$AGENTD_REQUEST");
    }),
  );

  it(
    "of 100 KiB fits into a variable and an argument at once",
    inAWorld(async (world) => {
      await world.commitAgent(COPYING_AGENT);
      world.profileKeys["command"] = ["/bin/sh", "agent.sh", "$AGENTD_REQUEST"];
      const text = "\u0001x".repeat(50 * 1024);
      const file = await put(world, "request", text);
      expect(await run(world, `agentd run site-builder --request-file ${file}`)).toBe(0);
      expect(await argumentsOf(world)).toEqual([text]);
      expect((await recordFile(world, "runa/variable")).toString()).toBe(text);
    }),
  );

  it(
    "that is not accepted leaves no record, and says why",
    inAWorld(async (world) => {
      await world.commitAgent("exit 0");
      world.profileKeys["command"] = ["/bin/sh", "agent.sh", "$AGENTD_REQUEST"];
      const cases: [content: string | Buffer, code: string, words: string][] = [
        ["a\0b", "request_invalid", "NUL"],
        [Buffer.from([0x61, 0xff]), "request_invalid", "not UTF-8"],
        ["", "request_invalid", "empty"],
        [" \n", "request_invalid", "empty"],
        ["x".repeat(1024 * 1024 + 1), "request_invalid", "1 MiB"],
        ["x".repeat(100 * 1024 + 1), "request_invalid", "AGENTD_REQUEST_FILE"],
      ];
      for (const [content, code, words] of cases) {
        const file = await put(world, "request", content);
        expect(await run(world, `agentd run site-builder --request-file ${file}`)).toBe(125);
        expect(world.command.stderr.toString()).toContain(`[${code}]`);
        expect(world.command.stderr.toString()).toContain(words);
      }
      expect(await run(world, "agentd run site-builder")).toBe(125);
      expect(world.command.stderr.toString()).toContain("[command_incomplete]");
      expect(await run(world, "agentd run site-builder --request a --request-file b")).toBe(125);
      expect(await run(world, "agentd run site-builder --request-file /nowhere/at-all")).toBe(125);
      expect(world.command.stderr.toString()).toContain("[input_unreadable]");
      expect(await world.records()).toEqual([]);
    }),
  );
});

describe("a session without a request", () => {
  it(
    "has neither the mount nor the variables, even where the profile's image brings them",
    inAWorld(async (world) => {
      await world.commitAgent("ls /agentd > .runa/agentd; env > .runa/env; [ ! -e /agentd/input ]");
      expect(await run(world, "agentd run site-builder")).toBe(0);
      expect((await recordFile(world, "runa/env")).toString()).not.toContain("AGENTD_REQUEST");
      expect((await (await world.record()).entries()).map(({ path }) => path)).not.toContain("agentd/input");
      expect(await (await world.record()).document()).toMatchObject({
        ...{ request_bytes: null, inputs: [], env: {}, rerun_of: null, artifact_type: null },
      });
    }),
  );
});

describe("files and variables of a run", () => {
  it(
    "are in the container and in the record, in all up to 16 MiB",
    inAWorld(async (world) => {
      await world.commitAgent(COPYING_AGENT);
      const large = Buffer.alloc(15 * 1024 * 1024, "0123456789abcdef\n");
      const file = await put(world, "large", large);
      await put(world, "small", "");
      const inputs = `--input large.bin=${file} --input 'späte Notiz.md'=${join(world.house.hostFiles, "small")}`;
      const variables = `-e GREETING='a = b' --env OTHER=`;
      expect(await run(world, `agentd run site-builder --request 'Do it' ${inputs} ${variables}`)).toBe(0);
      expect((await recordFile(world, "runa/input/large.bin")).equals(large)).toBe(true);
      expect((await recordFile(world, "agentd/input/large.bin")).equals(large)).toBe(true);
      expect((await recordFile(world, "agentd/input/späte Notiz.md")).length).toBe(0);
      expect((await recordFile(world, "runa/env")).toString()).toContain("GREETING=a = b\n");
      const record = await world.record();
      expect(await record.document()).toMatchObject({
        inputs: [
          { name: "large.bin", bytes: large.length },
          { name: "späte Notiz.md", bytes: 0 },
        ],
        env: { GREETING: "a = b", OTHER: "" },
      });
      expect(await run(world, `agentd show ${record.id}`)).toBe(0);
      const shown = world.command.stdout.toString();
      expect(shown).toMatch(/request +Do it \(5 B\)/);
      expect(shown).toMatch(/inputs +large\.bin \(15 MiB\), späte Notiz\.md/);
      expect(shown).toMatch(/env +GREETING, OTHER/);
      await expectNothingLeft(world);
    }),
  );

  it(
    "are refused with a path for a name, twice, too large, or as what agentd and the profile set",
    inAWorld(async (world) => {
      await world.commitAgent("exit 0");
      const file = await put(world, "file", "x");
      const large = await put(world, "large", Buffer.alloc(16 * 1024 * 1024));
      const cases: [options: string, code: string][] = [
        [`--input ../up=${file}`, "input_invalid"],
        [`--input a/b=${file}`, "input_invalid"],
        [`--input ..=${file}`, "input_invalid"],
        [`--input request.txt=${file}`, "input_invalid"],
        [`--input a=${file} --input a=${file}`, "input_invalid"],
        [`--input a=${large} --input b=${file}`, "input_invalid"],
        [`--input ${file}`, "usage"],
        [`--input a=- --request-file -`, "usage"],
        [`-e PATH=/tmp`, "env_invalid"],
        [`-e AGENTD_REQUEST=x`, "env_invalid"],
        [`-e NAME`, "usage"],
        [`-e A=1 -e A=2`, "usage"],
      ];
      for (const [options, code] of cases) {
        expect(await run(world, `agentd run site-builder ${options}`)).toBe(125);
        expect(world.command.stderr.toString()).toContain(`[${code}]`);
      }
      expect(await world.records()).toEqual([]);
    }),
  );
});

describe("a run with a request and a large file whose daemon is killed", () => {
  const labels: FailpointLabel[] = [
    "index_entry_written",
    "record_directory_made",
    "input_placed",
    "accepted",
  ];
  it.each(labels)("at %s becomes one whole session of the next daemon", (label) =>
    inAWorld(async (world) => {
      await world.commitAgent(COPYING_AGENT);
      world.profileKeys["command"] = ["/bin/sh", "agent.sh", "$AGENTD_REQUEST"];
      const large = Buffer.alloc(2 * 1024 * 1024, "abc");
      const file = await put(world, "large", large);
      const failpoint = await AtAFailpoint.arm(world, `${label}=crash`);
      const command = await world.start(
        `agentd run site-builder --detach --request Fix --input large=${file}`,
      );
      const { daemon } = await world.daemon();
      await failpoint.hit(label);
      await daemon.exited;
      await failpoint.startDaemonAgain();
      expect(await command.end()).toBe(0);
      await reaches(world, "sealed");
      expect(await world.records()).toHaveLength(1);
      expect(await (await world.record()).document()).toMatchObject({ outcome: "success", request_bytes: 3 });
      expect(await argumentsOf(world)).toEqual(["Fix"]);
      expect((await recordFile(world, "agentd/input/large")).equals(large)).toBe(true);
      await expectNothingLeft(world);
    })(),
  );

  it.each(["payload_half", "payload_sent", "running_journaled"] as const)(
    "at %s is found again by the command that it has with the request",
    (label) =>
      inAWorld(async (world) => {
        await world.commitAgent(
          `echo start >> .runa/starts; until [ -e .runa/go ]; do sleep 0.1; done; [ "$1" = "two words" ]`,
        );
        world.profileKeys["command"] = ["/bin/sh", "agent.sh", "$AGENTD_REQUEST"];
        const failpoint = await AtAFailpoint.arm(world, `${label}=crash`);
        const command = await world.start("agentd run site-builder --detach --request 'two words'");
        const { daemon } = await world.daemon();
        await failpoint.hit(label);
        await daemon.exited;
        await failpoint.startDaemonAgain();
        await command.end();
        await letGo(world);
        await reaches(world, "sealed");
        expect((await (await world.record()).document()).outcome).toBe("success");
        expect(await startsOf(world)).toBe(1);
      })(),
  );
});

describe("a methodology", () => {
  const SCHEMA = {
    $schema: "https://json-schema.org/draft/2020-12/schema",
    type: "object",
    properties: { summary: { type: "string" } },
    required: ["summary"],
  };

  async function withMethodology(world: World, types: readonly string[]): Promise<void> {
    const directory = join(world.house.hostFiles, "methodology");
    await execa("mkdir", ["-p", join(directory, "schemas")]);
    const manifest = types.map((name) => `[[artifact_types]]\nname = "${name}"\n`).join("");
    await writeFile(join(directory, "manifest.toml"), manifest);
    await writeFile(join(directory, "schemas/claim.schema.json"), JSON.stringify(SCHEMA));
    world.profileKeys["methodology_dir"] = directory;
    await world.commitAgent("cp -r .runa/workspace .runa/seen || true");
  }

  it(
    "that declares requests finds the request in its workspace",
    inAWorld(async (world) => {
      await withMethodology(world, ["request", "claim"]);
      expect(await run(world, `agentd run site-builder --request 'Say "hi"'`)).toBe(0);
      const found = await recordFile(world, "runa/seen/request/operator-input.json");
      expect(JSON.parse(found.toString())).toEqual({ description: 'Say "hi"', source: "operator" });
    }),
  );

  it(
    "that declares none gets none, and the session has its request all the same",
    inAWorld(async (world) => {
      await withMethodology(world, ["claim"]);
      expect(await run(world, "agentd run site-builder --request hi")).toBe(0);
      expect((await (await world.record()).entries()).map(({ path }) => path)).not.toContain("runa/seen");
    }),
  );

  it(
    "gets an artifact that matches its schema, and no other",
    inAWorld(async (world) => {
      await withMethodology(world, ["claim"]);
      const good = await put(world, "claim-42.json", '{"summary":"Ship it"}');
      const bad = await put(world, "bad.json", '{"summary":7}');
      const broken = await put(world, "broken.json", "{");
      const cases: [options: string, words: string][] = [
        [`--artifact-type claim --artifact-file ${bad}`, "/summary must be string"],
        [`--artifact-type claim --artifact-file ${broken}`, "not JSON"],
        [`--artifact-type other --artifact-file ${good}`, "declares no such type"],
        [`--artifact-type ../up --artifact-file ${good}`, "its type is not"],
        [`--artifact-type claim --artifact-file ${good} --request x`, "exclude each other"],
        ["--artifact-type claim", "belong together"],
      ];
      for (const [options, words] of cases) {
        expect(await run(world, `agentd run site-builder ${options}`)).toBe(125);
        expect(world.command.stderr.toString()).toContain(words);
      }
      expect(await world.records()).toEqual([]);
      expect(await run(world, `agentd run site-builder --artifact-type claim --artifact-file ${good}`)).toBe(
        0,
      );
      expect(await recordFile(world, "runa/seen/claim/claim-42.json")).toEqual(await readFile(good));
      expect(await recordFile(world, "agentd/artifact/claim-42.json")).toEqual(await readFile(good));
      expect((await (await world.record()).document()).artifact_type).toBe("claim");
      expect(await run(world, "agentd rerun site-builder")).toBe(0);
      expect(await recordFile(world, "runa/seen/claim/claim-42.json")).toEqual(await readFile(good));
    }),
  );
});

describe("agentd rerun", () => {
  it(
    "runs a session again with what it was given, and the profile as it is now",
    inAWorld(async (world) => {
      await world.commitAgent(COPYING_AGENT);
      const file = await put(world, "notes", "some notes");
      const options = `--work-unit w-7 --request 'Do it' --input notes=${file} -e A=1`;
      expect(await run(world, `agentd run site-builder ${options}`)).toBe(0);
      const first = await world.record();
      const { commit } = await first.document();
      await world.commit({ "more.txt": "x" });
      world.profileKeys["env"] = { NEW: "yes" };
      await world.saveConfiguration();
      expect(await run(world, "agentd reload")).toBe(0);
      expect(await run(world, `agentd rerun ${first.id}`)).toBe(0);
      const second = await world.record();
      expect(await second.document()).toMatchObject({
        ...{ rerun_of: first.id, work_unit: "w-7", request_bytes: 5, env: { A: "1" }, commit: world.head },
        inputs: [{ name: "notes", bytes: 10 }],
      });
      expect((await recordFile(world, "runa/input/notes")).toString()).toBe("some notes");
      expect((await recordFile(world, "runa/env")).toString()).toContain("NEW=yes\n");
      expect(await run(world, `agentd rerun ${first.id} --same-commit --json`)).toBe(0);
      expect(JSON.parse(world.command.stdout.toString())).toMatchObject({ commit, rerun_of: first.id });
    }),
  );

  it(
    "refuses a session whose record was changed, is gone, or whose profile is gone",
    inAWorld(async (world) => {
      await world.commitAgent("exit 0");
      world.otherProfiles.push({ ...world.profileKeys, name: "other" });
      expect(await run(world, "agentd run site-builder --request 'Do it'")).toBe(0);
      const { id, path } = await world.record();
      const request = join(path, "agentd/input/request.txt");
      await execa("chmod", ["u+w", request]);
      await writeFile(request, "Do no");
      expect(await run(world, `agentd rerun ${id}`)).toBe(125);
      expect(world.command.stderr.toString()).toContain("[record_altered]");
      expect(await run(world, "agentd rerun 0123456789abcdef")).toBe(125);
      expect(world.command.stderr.toString()).toContain("[unknown_session]");
      await writeFile(request, "Do it");
      world.profileKeys["name"] = "renamed";
      await world.saveConfiguration();
      expect(await run(world, "agentd reload")).toBe(0);
      expect(await run(world, `agentd rerun ${id}`)).toBe(125);
      expect(world.command.stderr.toString()).toContain("[unknown_profile]");
      expect(await world.records()).toHaveLength(1);
    }),
  );
});
