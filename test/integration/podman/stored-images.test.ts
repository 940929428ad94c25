import { randomBytes } from "node:crypto";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { askEngine, type EngineReport, podmanProgram } from "../../../src/podman/host/engine-report.ts";
import { findStoredImage, preparedImages } from "../../../src/podman/images/stored-images.ts";
import { containersEnvironment } from "../../kit/containers-environment.mjs";
import { BUSYBOX, ensureBusyboxImage, imageReference } from "../../kit/images.mjs";
import { podman as runPodman } from "../../kit/podman.mjs";
import { type EngineRoom, openEngineRoom } from "./engine-room.ts";

const podman = podmanProgram(process.env, undefined);

let room: EngineRoom;
let report: Extract<EngineReport, { kind: "answers" }>;
/** An image of no other test, so that nobody has prepared it. */
const definition = { name: `unprepared-${randomBytes(4).toString("hex")}` };

beforeAll(async () => {
  room = await openEngineRoom();
  const asked = await askEngine(podman);
  if (asked.kind !== "answers") throw new Error(`Podman does not answer: ${JSON.stringify(asked)}`);
  report = asked;
});

afterAll(async () => {
  await room.close();
  await runPodman(containersEnvironment(), ["rmi", "--force", imageReference(definition)]);
});

describe("what the podman program tells", () => {
  it("is what its service tells", () => {
    const { warnings: _warnings, ...features } = room.engine.host;
    expect(report.features).toEqual(features);
    expect(report.parts.rootless).toBe(true);
    expect(report.parts.runtime?.path).toMatch(/^\//);
    expect(report.parts.conmon?.version).toMatch(/^\d+\.\d+/);
  });

  it("is told by a service of somebody else's, too", async () => {
    const socket = `${room.runtimeDirectory}/podman.sock`;
    const asked = await askEngine(podmanProgram(process.env, socket));
    expect(asked).toMatchObject({ kind: "answers", features: { version: report.features.version } });
  });
});

describe("an image of this host", () => {
  it("is found by its reference, and only if it is there", async () => {
    const reference = await ensureBusyboxImage(containersEnvironment(), BUSYBOX);
    const { id } = await room.engine.resolveImage(reference, "never");
    expect(await findStoredImage(podman, reference)).toEqual({ kind: "here", id });
    expect(await findStoredImage(podman, "localhost/agentd-test/nowhere")).toEqual({ kind: "missing" });
  });

  it("is prepared once a container of a session's kind was made of it, even if that never starts", async () => {
    const reference = await ensureBusyboxImage(containersEnvironment(), {
      ...definition,
      files: { "etc/marker": definition.name },
    });
    const { id } = await room.engine.resolveImage(reference, "never");
    const prepared = () => preparedImages(report.parts.storage.directory, report.features);
    expect((await prepared())?.has(id)).toBe(false);
    await room.engine.imageHasPath(id, "/etc");
    expect((await prepared())?.has(id)).toBe(true);
  });

  it("may be prepared or not where the storage does not tell", async () => {
    expect(await preparedImages("/nowhere", report.features)).toBeUndefined();
  });
});
