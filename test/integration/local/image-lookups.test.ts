import { afterAll, beforeAll, beforeEach, expect, it } from "vitest";
import { ImageLookups } from "../../../src/local/image-lookups.ts";
import { containersEnvironment } from "../../kit/containers-environment.mjs";
import { BUSYBOX, ensureBusyboxImage, USER_1000 } from "../../kit/images.mjs";
import { podman } from "../../kit/podman.mjs";
import { type EngineRoom, openEngineRoom } from "../podman/engine-room.ts";

/** A name of these tests' own. */
const IMAGE = "localhost/agentd-test/of-lookups:latest";
const WANTED = { baseImage: IMAGE, pull: "missing" } as const;
const SECOND_MS = 1_000;

const environment = containersEnvironment();
const options = { signal: AbortSignal.timeout(600_000) };

let room: EngineRoom;
beforeAll(async () => {
  room = await openEngineRoom();
});
afterAll(() => room.close());

let lookups: ImageLookups;
/** Stands still, because a busy machine may take a second for what is about less. */
let nowMs: number;
beforeEach(async () => {
  nowMs = 0;
  const clock = { now: Date.now, monotonic: () => nowMs };
  lookups = new ImageLookups({ engine: room.engine, clock: clock as never });
  await mean(BUSYBOX);
});

/** Gives an image the name. */
async function mean(image: typeof BUSYBOX): Promise<void> {
  await podman(environment, ["tag", await ensureBusyboxImage(environment, image), IMAGE]);
}

/** The id that the name has now. */
async function idNow(): Promise<string> {
  return (await room.engine.resolveImage(IMAGE, "never", options)).id;
}

it("finds what was looked for just before", async () => {
  const id = await idNow();
  lookups.begin(WANTED);
  // Waits for the answer of the first lookup.
  expect(await lookups.find(WANTED, options)).toMatchObject({ id });
  await mean(USER_1000);
  expect(await lookups.find(WANTED, options)).toMatchObject({ id });
});

it("looks again once that is a second ago, or when the next session is foreseen", async () => {
  lookups.begin(WANTED);
  await lookups.find(WANTED, options);
  await mean(USER_1000);
  nowMs = SECOND_MS;
  expect(await lookups.find(WANTED, options)).toMatchObject({ id: await idNow() });
  lookups.begin(WANTED);
  await lookups.find(WANTED, options);
  await mean(BUSYBOX);
  lookups.begin(WANTED);
  expect(await lookups.find(WANTED, options)).toMatchObject({ id: await idNow() });
});

it("looks for itself where nothing was found before, and says what is wrong", async () => {
  await podman(environment, ["untag", IMAGE]);
  lookups.begin(WANTED);
  await expect(lookups.find(WANTED, options)).rejects.toMatchObject({ code: "image_missing" });
  await mean(BUSYBOX);
  expect(await lookups.find(WANTED, options)).toMatchObject({ id: await idNow() });
});

it("asks the registry each time where the profile wants that", async () => {
  const always = { baseImage: IMAGE, pull: "always" } as const;
  lookups.begin(WANTED);
  lookups.begin(always);
  await expect(lookups.find(always, options)).rejects.toMatchObject({ code: "image_missing" });
});

it("ends with the session that waits for it", async () => {
  const gone = new AbortController();
  lookups.begin(WANTED);
  const found = lookups.find(WANTED, { signal: gone.signal });
  gone.abort(new Error("the session was stopped"));
  await expect(found).rejects.toThrow("the session was stopped");
  expect(await lookups.find(WANTED, options)).toMatchObject({ id: await idNow() });
});
