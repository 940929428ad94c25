import { resolve } from "node:path";
import { describe, expect, it } from "vitest";
import { loadConfig } from "../../../src/config/load.ts";
import { ConfigFile, HOST } from "../../kit/config-under-test.ts";

const EXAMPLE = resolve(import.meta.dirname, "../../../examples/slurm/agentd.toml");

const PLACEMENT = '[placement]\nengine = "slurm"\nlisten = "127.0.0.1:7799"\n';
const PROFILE = '[[profiles]]\nname = "p"\nbase_image = "i"\ncommand = ["true"]\nplacement = "slurm"\n';

describe("examples/slurm/agentd.toml", () => {
  it("is a valid configuration with a profile on nodes and one here", async () => {
    const { placement, profiles } = await loadConfig(EXAMPLE, HOST);
    expect(placement).toMatchObject({ engine: "slurm", address: "head.example.org:7799", maxSessions: 200 });
    expect(profiles.map(({ name, placement: where }) => [name, where])).toEqual([
      ["site-builder", "slurm"],
      ["report", "local"],
    ]);
  });
});

describe("a profile on nodes", () => {
  it.each([
    ['workspace = "directory"\ndirectory = "d"', "directory"],
    ['methodology_dir = "m"', "methodology_dir"],
    ['keep = "always"', "keep"],
    ['[[profiles.volumes]]\nname = "v"\ntarget = "/v"', "volumes"],
    ['[[profiles.files]]\ntarget = "~/f"\ncontent = "c"', "files"],
    ['[profiles.publish]\nbranch = "b"', "publish"],
  ])("cannot have %s", async (keys, key) => {
    const file = await ConfigFile.create();
    try {
      await expect(file.load(`${PLACEMENT}${PROFILE}${keys}\n`)).rejects.toThrow(
        new RegExp(`there is 1 problem\\n.*profiles\\[0\\]\\.${key} .*\\n.*if placement is "slurm"`),
      );
    } finally {
      await file.remove();
    }
  });

  it("needs to be told where nodes are", async () => {
    const file = await ConfigFile.create();
    try {
      await expect(file.load(PROFILE)).rejects.toThrow(/needs a \[placement\]/);
      const { placement } = await file.load(`${PLACEMENT}${PROFILE}`);
      expect(placement?.address).toMatch(/:7799$/);
      await expect(file.load(`${PLACEMENT.replace("7799", "0")}${PROFILE}`)).rejects.toThrow(
        /port other than 0/,
      );
    } finally {
      await file.remove();
    }
  });
});
