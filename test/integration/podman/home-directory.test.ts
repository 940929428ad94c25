import { randomBytes } from "node:crypto";
import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { Volumes } from "../../../src/podman/containers/volumes.ts";
import { podmanProgram } from "../../../src/podman/host/engine-report.ts";
import { ExternalService } from "../../../src/podman/service/engine-service.ts";
import { EngineHttp } from "../../../src/podman/service/http.ts";
import { removeTree } from "../../../src/trees/remove-tree.ts";
import { ARTIFACT_LIMITS } from "../../../src/work/artifacts/artifact-limits.ts";
import { collectArtifacts } from "../../../src/work/artifacts/collect-artifacts.ts";
import { containersEnvironment } from "../../kit/containers-environment.mjs";
import { podman } from "../../kit/podman.mjs";
import { type EngineRoom, openEngineRoom } from "./engine-room.ts";

let room: EngineRoom;
beforeAll(async () => {
  room = await openEngineRoom();
});
afterAll(() => room.close());

describe("the home of a container", () => {
  it("that is a volume can be read after the container's removal, also what the session has closed", async () => {
    const request = room.request(
      "mkdir -p $HOME/.codex/s $HOME/repo && echo x > $HOME/.codex/s/a && chmod 000 $HOME/.codex/s/a $HOME/.codex/s $HOME/.codex",
      { homeFromImage: true, binds: [], workingDirectory: "/" },
    );
    await room.run(request);
    const directory = await room.engine.homeDirectory(request.name);
    expect(directory).toMatch(/\/_data$/);
    const outDirectory = join(room.runtimeDirectory, "artifacts");
    const artifacts = await collectArtifacts(
      {
        repoDirectory: room.homeDirectory,
        homeDirectory: directory,
        patterns: ["~/.codex/**"],
        outDirectory,
      },
      { ...ARTIFACT_LIMITS, bytes: 1000, timeMs: 60_000 },
      new AbortController().signal,
    );
    expect(artifacts).toMatchObject({ files: 1, left_out: [] });
    expect(await readFile(join(outDirectory, "~/.codex/s/a"), "utf8")).toBe("x\n");
    expect(await readdir(join(outDirectory, "~/.codex"))).toEqual(["s"]);
    await removeTree(outDirectory);
  });

  it("is undefined where there is no volume", async () => {
    expect(await room.engine.homeDirectory("agentd-test-none")).toBeUndefined();
  });

  it("is refused where the volume is not in the directory of all volumes", async () => {
    const name = `agentd-test-${randomBytes(8).toString("hex")}`;
    const label = `io.agentd.instance=${room.instance}`;
    await podman(containersEnvironment(), ["volume", "create", "--label", label, name]);
    const http = new EngineHttp(new ExternalService(join(room.runtimeDirectory, "podman.sock")));
    const volumes = new Volumes(http, podmanProgram(process.env, undefined));
    const { volumeDirectory } = room.engine.host;
    expect(await volumes.directoryOf(name, volumeDirectory)).toBe(join(volumeDirectory, name, "_data"));
    await expect(volumes.directoryOf(name, "/elsewhere")).rejects.toMatchObject({ code: "engine_failed" });
    http.close();
  });
});
