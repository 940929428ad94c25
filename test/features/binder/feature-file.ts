import { readdirSync, readFileSync } from "node:fs";
import { basename, join } from "node:path";
import { AstBuilder, compile, GherkinClassicTokenMatcher, Parser } from "@cucumber/gherkin";
import { type GherkinDocument, IdGenerator, type PickleStep } from "@cucumber/messages";

/** One line of a scenario, with the values of its row where it stems from an outline. */
export interface Step {
  readonly text: string;
  /** Where it stands: `features/outcomes.feature:12`. */
  readonly place: string;
  /** The text or the table below the step; undefined when there is none. */
  readonly block: Block | undefined;
}

export type Block = string | readonly (readonly string[])[];

export interface Scenario {
  readonly name: string;
  readonly place: string;
  readonly steps: readonly Step[];
}

export interface Feature {
  readonly name: string;
  /** What runs: a scenario outline counts once for each row of its examples. */
  readonly scenarios: readonly Scenario[];
}

/** Paths of the feature files in a directory, sorted. */
export function featureFiles(directory: string): string[] {
  return readdirSync(directory)
    .filter((file) => file.endsWith(".feature"))
    .sort()
    .map((file) => join(directory, file));
}

/** Reads one feature file. Throws Gherkin's own error, which names line and column, when it is not Gherkin. */
export function readFeature(path: string): Feature {
  return parseFeature(readFileSync(path, "utf8"), `features/${basename(path)}`);
}

/** @param file stands in the places of scenarios and steps. */
export function parseFeature(text: string, file: string): Feature {
  const newId = IdGenerator.incrementing();
  const document = new Parser(new AstBuilder(newId), new GherkinClassicTokenMatcher()).parse(text);
  const lines = linesOfSteps(document);
  const scenarios = compile(document, file, newId).map(({ name, location, steps }) => ({
    name,
    place: `${file}:${location?.line ?? 1}`,
    steps: steps.map((step) => toStep(step, file, lines)),
  }));
  return { name: document.feature?.name ?? "", scenarios };
}

function toStep(step: PickleStep, file: string, lines: ReadonlyMap<string, number>): Step {
  const line = step.astNodeIds.map((id) => lines.get(id)).find((each) => each !== undefined);
  const { docString, dataTable } = step.argument ?? {};
  return {
    text: step.text,
    place: `${file}:${line ?? 1}`,
    block: docString?.content ?? dataTable?.rows.map(({ cells }) => cells.map(({ value }) => value)),
  };
}

function linesOfSteps(document: GherkinDocument): Map<string, number> {
  const children = document.feature?.children ?? [];
  const ofRules = children.flatMap(({ rule }) => rule?.children ?? []);
  const steps = [...children, ...ofRules].flatMap(({ background, scenario }) => [
    ...(background?.steps ?? []),
    ...(scenario?.steps ?? []),
  ]);
  return new Map(steps.map((step) => [step.id, step.location.line]));
}
