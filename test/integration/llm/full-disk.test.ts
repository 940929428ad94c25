import { expect, it } from "vitest";
import { bundle, temporaryDirectory } from "../../kit/record-fixture.ts";
import { inSmallFileSystem } from "../../kit/small-file-system.ts";

it("a request is in the ledger before it is sent, and where the disk is full it is not sent at all", async () => {
  const script = await bundle(new URL("full-disk.ts", import.meta.url));
  expect(await inSmallFileSystem(script, await temporaryDirectory(), "256k")).toEqual({
    first: 200,
    whenFull: 503,
    sentWhenFull: 0,
    again: 200,
    isWritten: true,
  });
});
