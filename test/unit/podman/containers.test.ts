import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { Containers } from "../../../src/podman/containers/containers.ts";
import { AS_ASKED } from "./info.ts";
import { openScriptedService, say, type ScriptedService } from "./scripted-service.ts";

/** What Podman 4.3 answers when the first process ends between the opening and the reading of that file. */
const ENDED_MEANWHILE = say(
  500,
  '{"cause":"no such process","message":"read /proc/4686/cgroup: no such process","response":500}',
);

let service: ScriptedService;
beforeEach(async () => {
  service = await openScriptedService();
});
afterEach(() => service.close());

describe("an inspected container", () => {
  it("whose first process ends meanwhile is looked at again", async () => {
    service.answers.push(ENDED_MEANWHILE, say(200, JSON.stringify(AS_ASKED)));
    expect(await new Containers(service.http).inspect("0123")).toMatchObject({ Id: "0123" });
    expect(service.received).toHaveLength(2);
  });

  it("that never can be looked at is an error", async () => {
    service.answers.push(...Array.from({ length: 5 }, () => ENDED_MEANWHILE));
    await expect(new Containers(service.http).inspect("0123")).rejects.toThrow(
      "cannot inspect container 0123: read /proc/4686/cgroup: no such process",
    );
    expect(service.received).toHaveLength(5);
  });

  it("that fails for another reason is looked at once", async () => {
    service.answers.push(say(500, '{"cause":"locked","message":"database is locked","response":500}'));
    await expect(new Containers(service.http).inspect("0123")).rejects.toThrow("database is locked");
    expect(service.received).toHaveLength(1);
  });
});
