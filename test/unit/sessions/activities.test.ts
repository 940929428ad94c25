import { beforeEach, describe, expect, it } from "vitest";
import { Activities } from "../../../src/sessions/state/activities.ts";

let lines: string[];
let activities: Activities;

beforeEach(() => {
  lines = [];
  activities = new Activities((line) => lines.push(line));
});

describe("the activities of a launch", () => {
  it("are one line, oldest first, and what is over is not in it", async () => {
    let endClone = (): void => undefined;
    const cloned = new Promise<void>((resolve) => (endClone = resolve));
    const clone = activities.during("cloning", () => cloned);
    await activities.during("looking for the image", async (say) => {
      say("pulling: 1");
      endClone();
      await clone;
      say("pulling: 2");
      return Promise.resolve();
    });
    expect(lines).toEqual([
      "cloning",
      "cloning; looking for the image",
      "cloning; pulling: 1",
      "pulling: 1",
      "pulling: 2",
    ]);
  });

  it("end when they fail, and the failure is passed on", async () => {
    const failure = new Error("no such image");
    const pull = activities.during("pulling", () => Promise.reject(failure));
    await expect(pull).rejects.toBe(failure);
    expect(await activities.during("starting", () => Promise.resolve(7))).toBe(7);
    expect(lines).toEqual(["pulling", "starting"]);
  });
});
