import { readdirSync, readFileSync } from "node:fs";
import { basename, join, resolve } from "node:path";
import { describe, expect, it } from "vitest";
import { Binder } from "../../features/binder/binding.ts";
import { featureFiles, readFeature } from "../../features/binder/feature-file.ts";
import { FEATURES_DIRECTORY } from "../../features/features-directory.ts";
import { STEPS } from "../../features/steps/all.ts";
import { PARAMETER_TYPES } from "../../features/steps/parameter-types.ts";

const TESTS_DIRECTORY = resolve(import.meta.dirname, "../../features");

describe("the specification", () => {
  it("has one definition for every step, a use for every definition, and no empty scenario", () => {
    const features = featureFiles(FEATURES_DIRECTORY).map(readFeature);
    expect(new Binder(STEPS, PARAMETER_TYPES).problems(features)).toEqual([]);
  });

  it("has a test file that runs it for every feature file", () => {
    const run = readdirSync(TESTS_DIRECTORY)
      .filter((file) => file.endsWith(".test.ts"))
      .map((file) => /specify\("(.+)"\)/.exec(readFileSync(join(TESTS_DIRECTORY, file), "utf8"))?.[1]);
    expect(run.sort()).toEqual(featureFiles(FEATURES_DIRECTORY).map((path) => basename(path)));
  });
});
