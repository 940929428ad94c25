import type { World } from "../../kit/world.ts";
import type { StepDefinition } from "../binder/binding.ts";

/** The step definitions of one topic. */
export type Topic = readonly StepDefinition<World>[];

/** The rows of a table below a step. */
export type Rows = readonly (readonly string[])[];
