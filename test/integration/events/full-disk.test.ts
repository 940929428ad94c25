import { expect, it } from "vitest";
import { bundle, temporaryDirectory } from "../../kit/record-fixture.ts";
import { inSmallFileSystem } from "../../kit/small-file-system.ts";

it("a full disk costs the feed no event that it had, and it goes on where it was", async () => {
  const script = await bundle(new URL("full-disk.ts", import.meta.url));
  const seen = (await inSmallFileSystem(script, await temporaryDirectory(), "256k")) as { written: number };
  expect(seen.written).toBeGreaterThan(50);
  expect(seen).toEqual({
    written: seen.written,
    whenFull: seen.written,
    refused: expect.stringContaining("ENOSPC") as string,
    still: expect.stringContaining("an earlier event is missing") as string,
    last: seen.written + 1,
    lines: Array.from({ length: seen.written + 1 }, (_, index) => index),
  });
});
