import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parse } from "@iarna/toml";
import { execa } from "execa";
import { afterEach, beforeEach, expect, it } from "vitest";
import { suggestedAllow, summariseEgress } from "../../../src/gateway/log/egress-summary.ts";
import { bundle } from "../../kit/record-fixture.ts";

const NAMES = ["registry.example.com", "files.example.org"];

let directory: string;
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), "agentd-suggest-"));
});
afterEach(async () => rm(directory, { recursive: true }));

it("a session that reached hosts with every name open reaches the same with what is suggested, and nothing more", async () => {
  const program = await bundle(new URL("public-session.ts", import.meta.url));
  const run = async (allow: unknown, name: string, hosts: readonly string[]) => {
    const log = join(directory, name);
    const node = [process.execPath, program, log, JSON.stringify(allow), ...hosts];
    const unshare = ["--user", "--map-root-user", "--net", "--", "sh", "-c"];
    const { stdout } = await execa("unshare", [
      ...unshare,
      'busybox ip link set lo up && exec "$@"',
      "sh",
      ...node,
    ]);
    return { statuses: JSON.parse(stdout) as unknown, suggested: suggestedAllow(await summariseEgress(log)) };
  };
  const both = ["200", "200"];
  const first = await run(["*"], "first", NAMES);
  expect(first.statuses).toEqual({ [NAMES[0]!]: both, [NAMES[1]!]: both });
  const { allow } = parse(first.suggested);
  expect([...(allow as string[])].sort()).toEqual(
    NAMES.flatMap((host) => [`${host}:443`, `${host}:80`]).sort(),
  );
  const second = await run(allow, "second", NAMES);
  expect(second).toEqual(first);
  const third = await run(allow, "third", [...NAMES, "other.example.com"]);
  expect(third.statuses).toEqual({ ...(first.statuses as object), "other.example.com": ["403", "403"] });
  expect(third.suggested).toEqual(first.suggested);
});
