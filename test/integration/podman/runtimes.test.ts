import { readdir } from "node:fs/promises";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { AgentdError } from "../../../src/errors.ts";
import { podmanProgram } from "../../../src/podman/host/engine-report.ts";
import { findRuntime } from "../../../src/podman/host/oci-runtimes.ts";
import { containersEnvironment } from "../../kit/containers-environment.mjs";
import { podman } from "../../kit/podman.mjs";
import { processesWith } from "../../kit/processes.mjs";
import { type EngineRoom, openEngineRoom } from "./engine-room.ts";

let room: EngineRoom;
beforeAll(async () => {
  room = await openEngineRoom();
});
afterAll(() => room.close());

const runtimeOf = async (id: string): Promise<string> =>
  (await podman(containersEnvironment(), ["inspect", "--format", "{{.OCIRuntime}}", id])).trim();

/** Creates a container and removes it again; returns the runtime that it has. */
async function created(runtime?: string): Promise<string> {
  const { id } = await room.engine.createContainer(room.request("true", { runtime, network: "none" }));
  const found = await runtimeOf(id);
  await room.engine.removeContainer(id);
  return found;
}

describe("the runtime of a container", () => {
  it("is Podman's own, or the one that was asked for, also of several at once", async () => {
    const usual = await created();
    const other = usual === "runc" ? "crun" : "runc";
    expect(await Promise.all([created(other), created(), created(other)])).toEqual([other, usual, other]);
    // Once more, after its service has ended.
    expect(await created(other)).toBe(other);
  });

  it("runs what it was created with", async () => {
    const usual = await created();
    const { output } = await room.run(room.request("echo ran", { runtime: usual, network: "none" }));
    expect(output.trim()).toBe("ran");
  });

  it("leaves no service behind", async () => {
    await created("runc");
    await created("crun");
    // A service ends after the answer.
    await room.engine.stop();
    expect(await processesWith(`${room.runtimeDirectory}/podman-`)).toEqual([]);
    const left = await readdir(room.runtimeDirectory);
    expect(left.filter((name) => /^podman-(?:service-)?c?runc?[.-]/.test(name))).toEqual([]);
    await room.close();
    room = await openEngineRoom();
  });

  it("that Podman does not find is an error, before anything is made", async () => {
    const request = room.request("true", { runtime: "krun" });
    const failure = await room.engine.createContainer(request).catch((error: unknown) => error);
    expect(failure).toBeInstanceOf(AgentdError);
    expect(failure).toMatchObject({
      code: "runtime_missing",
      tried: "use the OCI runtime krun",
      why: expect.stringContaining("krun") as string,
    });
    expect(await room.engine.inspectContainer(request.name)).toBeUndefined();
  });

  it("is found by name", async () => {
    const program = podmanProgram(process.env, undefined);
    expect(await findRuntime(program, "runc")).toMatchObject({
      kind: "found",
      path: expect.stringMatching(/runc$/) as string,
    });
    expect(await findRuntime(program, "runsc")).toMatchObject({ kind: "missing" });
  });
});
