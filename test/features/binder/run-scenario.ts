import type { Binder } from "./binding.ts";
import type { Scenario, Step } from "./feature-file.ts";

/** A step that failed, with its place in the feature file; the cause is what the step threw. */
export class StepError extends Error {
  override readonly name = "StepError";

  constructor(step: Step, cause: unknown) {
    super(`${step.place}: ${step.text}\n${cause instanceof Error ? cause.message : String(cause)}`, {
      cause,
    });
  }
}

/**
 * Runs the steps of a scenario in their order. None runs when one of them is not bound.
 *
 * @throws StepError at the first step that fails.
 */
export async function runScenario<World>(
  scenario: Scenario,
  binder: Binder<World>,
  world: World,
): Promise<void> {
  for (const { step, run } of scenario.steps.map((each) => binder.bind(each))) {
    try {
      await run(world);
    } catch (error) {
      throw new StepError(step, error);
    }
  }
}
