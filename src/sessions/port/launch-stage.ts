import { sentence } from "../../errors.ts";
import type { LaunchStage } from "../../outcome.ts";

/** A launch that failed, with the stage it failed in. */
export class LaunchError extends Error {
  override readonly name = "LaunchError";
  readonly stage: LaunchStage;

  constructor(stage: LaunchStage, cause: unknown) {
    super(sentence(cause), { cause });
    this.stage = stage;
  }
}

/** Does a part of a launch. Turns any error into a `LaunchError` with that stage. */
export async function inStage<T>(stage: LaunchStage, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    throw new LaunchError(stage, error);
  }
}
