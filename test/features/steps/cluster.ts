import { provideCluster } from "../../kit/house/cluster.ts";
import type { Topic } from "./topic.ts";

/** A cluster whose nodes run sessions; all of them are the daemon's host. */
export const CLUSTER: Topic = [
  {
    pattern: "a Slurm cluster with the nodes {string} and {string}",
    run: (world, one: string, other: string) => provideCluster(world, [one, other]),
  },
];
