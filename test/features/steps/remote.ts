import { RemoteOperator } from "../../kit/remote-operator.ts";
import type { Topic } from "./topic.ts";

/** An operator on another machine than the daemon; HOST in commands is the address of the daemon's. */
export const REMOTE: Topic = [
  {
    pattern: "the operator is on another machine",
    run: async (world) => world.moveTo(await RemoteOperator.open(world)),
  },
];
