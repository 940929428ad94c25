import { describe, it } from "vitest";
import { inAWorld } from "../e2e/in-a-world.ts";
import { CLIENTS, expectAgentUsesServer } from "../kit/agents/mcp-client.ts";

describe.each(CLIENTS)("$agent as a client of agentd mcp", (client) => {
  it(
    "starts a session, follows and reads it, stops another, and is refused a profile",
    inAWorld((world) => expectAgentUsesServer(client, world)),
  );
});
