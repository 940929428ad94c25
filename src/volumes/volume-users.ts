import * as z from "zod";
import { volumeId } from "../profile/rules/volumes.ts";

/** What is read of a session's plan, whichever version has written it: what else it has does not matter here. */
const planSchema = z.object({
  profile: z.object({
    name: z.string(),
    volumes: z.array(z.object({ name: z.string(), shared: z.boolean() })).default([]),
  }),
});

/** The ids of the volumes of a session that was accepted with this plan; undefined when it cannot be read. */
export function volumesOfPlan(plan: unknown): string[] | undefined {
  const read = planSchema.safeParse(plan);
  return read.success
    ? read.data.profile.volumes.map((volume) => volumeId(read.data.profile.name, volume))
    : undefined;
}
