import { describe, expect, it } from "vitest";
import { pauseMs } from "../../../src/sessions/run/watch-disk-use.ts";

const MB = 1_000_000;

describe("the pause between two looks at what a session has on the disk", () => {
  it.each([
    ["is the time in which a fast disk fills what is left", 5_000 * MB, 10, 5_000],
    ["is a quarter of a second at least", MB, 1, 250],
    ["is a minute at most", 1_000_000 * MB, 10, 60_000],
    ["is nineteen times as long as the look", MB, 1_000, 19_000],
    ["may be longer than a minute after a long look", 1_000_000 * MB, 10_000, 190_000],
    ["is the shortest also where nothing is left", -1, 0, 250],
  ])("%s", (_what, leftBytes, tookMs, expected) => {
    expect(pauseMs(leftBytes, tookMs)).toBe(expected);
  });
});
