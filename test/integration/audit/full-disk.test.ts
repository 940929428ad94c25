import { expect, it } from "vitest";
import { bundle, temporaryDirectory } from "../../kit/record-fixture.ts";
import { inSmallFileSystem } from "../../kit/small-file-system.ts";

it("a full disk costs no line that was written, leaves no half record, and once there is room all goes on", async () => {
  const script = await bundle(new URL("full-disk.ts", import.meta.url));
  const directory = await temporaryDirectory();
  const seen = (await inSmallFileSystem(script, directory, "512k")) as { written: number; id: string };
  expect(seen).toEqual({
    id: expect.any(String) as string,
    written: expect.any(Number) as number,
    lines: seen.written + 1,
    tornBytes: 0,
    journalError: expect.stringContaining("ENOSPC") as string,
    createError: expect.stringMatching(/^cannot create a record in .*ENOSPC/) as string,
    sealError: expect.stringMatching(/^cannot seal the record .*ENOSPC/) as string,
    left: { records: [seen.id], index: [seen.id] },
    statusWhenFull: "incomplete",
    runningLines: seen.written + 1,
    lastState: "sealed",
    excluded: [],
    status: "verified",
  });
});
