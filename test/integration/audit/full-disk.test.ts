import { execa } from "execa";
import { expect, it } from "vitest";
import { bundle, temporaryDirectory } from "../../kit/record-fixture.ts";

it("a full disk costs no line that was written, leaves no half record, and once there is room all goes on", async () => {
  const script = await bundle(new URL("full-disk.ts", import.meta.url));
  const directory = await temporaryDirectory();
  // Podman's user namespace is one in which an ordinary user may mount.
  const inSmallFileSystem = 'mount -t tmpfs -o size=512k none "$1" && exec node "$2" "$1"';
  const { stdout } = await execa("podman", [
    "unshare",
    "sh",
    "-c",
    inSmallFileSystem,
    "sh",
    directory,
    script,
  ]);
  const seen = JSON.parse(stdout) as { written: number; id: string };
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
