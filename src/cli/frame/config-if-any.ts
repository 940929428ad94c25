import type { Config } from "../../config/config.ts";
import { AgentdError } from "../../errors.ts";
import type { LocalContext } from "./context.ts";

/** The configuration; undefined where there is none. @throws AgentdError as `loadConfig` does for one that is there. */
export async function configIfAny(context: Pick<LocalContext, "loadConfig">): Promise<Config | undefined> {
  try {
    return await context.loadConfig(undefined);
  } catch (error) {
    if (error instanceof AgentdError && error.code === "config_not_found") return undefined;
    throw error;
  }
}
