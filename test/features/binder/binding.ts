import {
  CucumberExpression,
  type ParameterType,
  ParameterTypeRegistry,
} from "@cucumber/cucumber-expressions";
import type { Feature, Step } from "./feature-file.ts";

/** What one kind of step does. */
export interface StepDefinition<World> {
  /** A Cucumber expression that the whole text of a step has to match. */
  readonly pattern: string;
  /**
   * Does it or checks it; throws, or rejects, when that fails.
   *
   * @param values what the parameters of the pattern stand for, then the text or table below the step, if any.
   */
  readonly run: (world: World, ...values: never[]) => unknown;
}

/** A step with the one definition that it matches. */
export interface BoundStep<World> {
  readonly step: Step;
  readonly run: (world: World) => unknown;
}

/** Finds the definition of each step. */
export class Binder<World> {
  readonly #definitions: readonly {
    readonly expression: CucumberExpression;
    readonly run: StepDefinition<World>["run"];
  }[];

  /** @param ownTypes what patterns may hold besides `{int}`, `{string}` and the like. */
  constructor(
    definitions: readonly StepDefinition<World>[],
    ownTypes: readonly ParameterType<unknown>[] = [],
  ) {
    const parameterTypes = new ParameterTypeRegistry();
    for (const type of ownTypes) parameterTypes.defineParameterType(type);
    this.#definitions = definitions.map(({ pattern, run }) => ({
      expression: new CucumberExpression(pattern, parameterTypes),
      run,
    }));
  }

  /** Throws, naming step and place, unless exactly one definition matches. */
  bind(step: Step): BoundStep<World> {
    const matches = this.#matches(step);
    const [only] = matches;
    if (only === undefined) throw new Error(`${step.place}: no step definition matches "${step.text}"`);
    if (matches.length > 1) {
      const patterns = matches.map(({ pattern }) => `"${pattern}"`).join(" and ");
      throw new Error(`${step.place}: "${step.text}" is ambiguous: it matches ${patterns}`);
    }
    const values = step.block === undefined ? only.values : [...only.values, step.block];
    // The pattern decides what the values are; the definition declares them accordingly.
    return { step, run: (world) => only.run(world, ...(values as never[])) };
  }

  /** Everything that is wrong between features and definitions; empty when all fits. */
  problems(features: readonly Feature[]): string[] {
    const scenarios = features.flatMap((feature) => feature.scenarios);
    const steps = scenarios.flatMap((scenario) => scenario.steps);
    const used = new Set(steps.flatMap((step) => this.#matches(step).map(({ pattern }) => pattern)));
    return [
      ...scenarios
        .filter(({ steps }) => steps.length === 0)
        .map((each) => `${each.place}: no steps: "${each.name}"`),
      ...steps.flatMap((step) => this.#problem(step)),
      ...this.#definitions
        .map(({ expression }) => expression.source)
        .filter((pattern) => !used.has(pattern))
        .map((pattern) => `no scenario uses the step definition "${pattern}"`),
    ];
  }

  #problem(step: Step): string[] {
    try {
      this.bind(step);
      return [];
    } catch (error) {
      return [(error as Error).message];
    }
  }

  #matches(step: Step) {
    return this.#definitions.flatMap(({ expression, run }) => {
      const values = expression.match(step.text)?.map((argument) => argument.getValue<unknown>(null));
      return values === undefined ? [] : [{ pattern: expression.source, run, values }];
    });
  }
}
