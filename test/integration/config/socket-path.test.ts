import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { build } from "esbuild";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { Host } from "../../../src/config/paths.ts";
import { resolveSocketPath } from "../../../src/config/socket-path.ts";

let root: string;
let config: string;

beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), "agentd-socket-"));
  config = join(root, "agentd.toml");
});
afterEach(async () => {
  await rm(root, { recursive: true });
});

function host(env: Record<string, string> = {}): Host {
  return { env: { XDG_RUNTIME_DIR: "/run/user/1234", ...env }, home: "/home/ada", uid: 1234 };
}

describe("resolveSocketPath", () => {
  it("takes --socket before AGENTD_SOCKET before the configuration before the default", async () => {
    await writeFile(config, '[daemon]\nsocket_path = "/from/config.sock"\n');
    const env = { AGENTD_SOCKET: "/from/environment.sock" };
    expect(await resolveSocketPath({ socket: "/from/option.sock", config }, host(env))).toBe(
      "/from/option.sock",
    );
    expect(await resolveSocketPath({ config }, host(env))).toBe("/from/environment.sock");
    expect(await resolveSocketPath({ config }, host({ AGENTD_SOCKET: "" }))).toBe("/from/config.sock");
    expect(await resolveSocketPath({}, host({ AGENTD_CONFIG: config }))).toBe("/from/config.sock");
    await writeFile(config, "[daemon]\nmax_sessions = 1\n");
    expect(await resolveSocketPath({ config }, host())).toBe("/run/user/1234/agentd/agentd.sock");
  });

  it("takes a relative path of the file from the file's directory", async () => {
    await writeFile(config, '[daemon]\nsocket_path = "x.sock"\n');
    expect(await resolveSocketPath({ config }, host())).toBe(join(root, "x.sock"));
  });

  it("is not misled by a comment or another table", async () => {
    await writeFile(config, '# socket_path = "/a"\n[other]\nsocket_path = "/b"\n');
    expect(await resolveSocketPath({ config }, host())).toBe("/run/user/1234/agentd/agentd.sock");
  });

  it("is in the runtime directory of the user's login where no variable names one", async () => {
    const uid = process.getuid?.() ?? -1;
    await writeFile(config, "");
    const here: Host = { env: {}, home: "/home/ada", uid };
    expect(await resolveSocketPath({ config }, here)).toBe(`/run/user/${uid}/agentd/agentd.sock`);
    // Not what belongs to somebody else, or is set to something else.
    for (const other of [
      { ...here, uid: 0 },
      { ...here, env: { XDG_RUNTIME_DIR: "" } },
    ])
      await expect(resolveSocketPath({ config }, other)).rejects.toMatchObject({
        code: "runtime_directory_missing",
      });
  });

  it("needs no runtime directory when the path is given", async () => {
    const bare: Host = { env: {}, home: "/home/ada", uid: 1234 };
    expect(await resolveSocketPath({ socket: "/x.sock" }, bare)).toBe("/x.sock");
    await writeFile(config, "");
    await expect(resolveSocketPath({ config }, bare)).rejects.toMatchObject({
      code: "runtime_directory_missing",
    });
  });

  it("refuses a path that is longer than the kernel takes", async () => {
    const longest = `/${"x".repeat(106)}`;
    expect(await resolveSocketPath({ socket: longest }, host())).toBe(longest);
    await expect(resolveSocketPath({ socket: `${longest}x` }, host())).rejects.toMatchObject({
      code: "socket_unusable",
      message: expect.stringContaining("108 bytes"),
    });
  });

  it("says what is wrong with the file that would have to say", async () => {
    await expect(resolveSocketPath({ config }, host())).rejects.toMatchObject({ code: "config_not_found" });
    await writeFile(config, "[daemon]\nsocket_path = ");
    await expect(resolveSocketPath({ config }, host())).rejects.toMatchObject({ code: "config_syntax" });
    await writeFile(config, "[daemon]\nsocket_path = 5");
    await expect(resolveSocketPath({ config }, host())).rejects.toMatchObject({ code: "config_invalid" });
  });

  it("loads no validator, and the TOML parser only when it is needed", async () => {
    const { metafile } = await build({
      entryPoints: [resolve(import.meta.dirname, "../../../src/config/socket-path.ts")],
      outdir: root,
      bundle: true,
      splitting: true,
      format: "esm",
      platform: "node",
      metafile: true,
      write: false,
    });
    const loadedAtOnce = Object.values(metafile.outputs).find(({ entryPoint }) =>
      entryPoint?.endsWith("socket-path.ts"),
    );
    expect(Object.keys(metafile.inputs).filter((input) => input.includes("zod"))).toEqual([]);
    expect(Object.keys(metafile.inputs).some((input) => input.includes("@iarna/toml"))).toBe(true);
    expect(Object.keys(loadedAtOnce?.inputs ?? {}).filter((input) => input.includes("node_modules"))).toEqual(
      [],
    );
  });
});
