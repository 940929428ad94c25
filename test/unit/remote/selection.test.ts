import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { readContexts, writeContexts } from "../../../src/remote/contexts.ts";
import { selectHost } from "../../../src/remote/selection.ts";

let directory: string;
let contextsFile: string;

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), "agentd-contexts-"));
  contextsFile = join(directory, "agentd", "contexts.toml");
});
afterAll(() => rm(directory, { recursive: true }));

describe("the host of a command", () => {
  it("is this one where there is no file of contexts", async () => {
    const found = await selectHost({ options: {}, env: {}, contextsFile });
    expect(found).toEqual({ remote: undefined, by: "default" });
  });

  it("comes from options, then the environment, then the file", async () => {
    const hosts = new Map([
      ["prod", { host: "ssh://me@prod" }],
      ["lab", { host: "ssh://lab:2222", program: "/opt/agentd" }],
    ]);
    await writeContexts(contextsFile, { current: "lab", hosts });
    const choose = async (options: object, env: Record<string, string> = {}): Promise<unknown[]> => {
      const { remote, by } = await selectHost({ options, env, contextsFile });
      return [remote?.address, by];
    };
    const env = { AGENTD_HOST: "ssh://h", AGENTD_CONTEXT: "prod" };
    expect(await choose({ host: "ssh://o" }, env)).toEqual(["ssh://o", "--host"]);
    expect(await choose({ context: "prod" }, env)).toEqual(["ssh://me@prod", "--context"]);
    expect(await choose({ context: "local" }, env)).toEqual([undefined, "--context"]);
    expect(await choose({}, env)).toEqual(["ssh://h", "AGENTD_HOST"]);
    expect(await choose({}, { AGENTD_CONTEXT: "prod" })).toEqual(["ssh://me@prod", "AGENTD_CONTEXT"]);
    expect(await choose({})).toEqual(["ssh://lab:2222", "contexts.toml"]);
    expect((await readContexts(contextsFile)).hosts).toEqual(hosts);
  });

  it.each([
    [{ host: "ssh://a", context: "b" }, "exclude each other"],
    [{ host: "a" }, "it must be ssh://[USER@]HOST[:PORT]"],
    [{ context: "nothing" }, "there is no such context"],
  ])("is refused for %j", async (options, why) => {
    await expect(selectHost({ options, env: {}, contextsFile })).rejects.toThrow(why);
  });

  it("is unknown where the file is wrong, and the error says where", async () => {
    const file = join(directory, "wrong.toml");
    await writeFile(file, '[contexts.prod]\nhost = "ssh://a"\nport = 1\n');
    await expect(selectHost({ options: {}, env: {}, contextsFile: file })).rejects.toThrow(
      /contexts\.prod: .*port/,
    );
  });
});
