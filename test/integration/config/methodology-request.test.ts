import { lstat, mkdir, mkdtemp, readdir, readFile, rm, stat, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, it } from "vitest";
import { placeOperatorRequest } from "../../../src/config/methodology-request.ts";

let place: string;
let runa: string;
let outside: string;
beforeEach(async () => {
  place = await mkdtemp(join(tmpdir(), "agentd-request-"));
  [runa, outside] = [join(place, "runa"), join(place, "outside")];
  for (const directory of [runa, outside, join(place, "methodology/schemas")])
    await mkdir(directory, { recursive: true, mode: 0o700 });
  await writeFile(join(place, "methodology/manifest.toml"), '[[artifact_types]]\nname = "request"\n');
  await writeFile(join(place, "methodology/schemas/request.schema.json"), "{}");
  await writeFile(join(place, "request"), "Fix it");
});
afterEach(() => rm(place, { recursive: true }));

const put = (): Promise<string[]> =>
  placeOperatorRequest(join(place, "methodology"), {
    runaDirectory: runa,
    requestFile: join(place, "request"),
  });

it("writes the request for all to read, also again", async () => {
  const umask = process.umask(0o077);
  try {
    for (let time = 0; time < 2; time += 1) expect(await put()).toEqual([]);
  } finally {
    process.umask(umask);
  }
  const directory = join(runa, "workspace/request");
  expect(await readdir(directory)).toEqual(["operator-input.json"]);
  const file = join(directory, "operator-input.json");
  expect(JSON.parse(await readFile(file, "utf8"))).toEqual({ description: "Fix it", source: "operator" });
  for (const path of [join(runa, "workspace"), directory])
    expect((await stat(path)).mode & 0o777).toBe(0o755);
  expect((await stat(file)).mode & 0o777).toBe(0o644);
});

// A container that waited has the directory before the request is written.
it.each(["workspace", "workspace/request"])("follows no link at %s", async (link) => {
  if (link !== "workspace") await mkdir(join(runa, "workspace"));
  await symlink(outside, join(runa, link));
  const before = (await stat(outside)).mode;
  await expect(put()).rejects.toMatchObject({ code: "file_invalid" });
  expect(await readdir(outside)).toEqual([]);
  expect((await stat(outside)).mode).toBe(before);
});

it("replaces a link in the place of the file, and writes nothing through it", async () => {
  const directory = join(runa, "workspace/request");
  await mkdir(directory, { recursive: true });
  await writeFile(join(outside, "file"), "the operator's");
  await symlink(join(outside, "file"), join(directory, "operator-input.json"));
  await put();
  expect(await readFile(join(outside, "file"), "utf8")).toBe("the operator's");
  expect((await lstat(join(directory, "operator-input.json"))).isFile()).toBe(true);
});
