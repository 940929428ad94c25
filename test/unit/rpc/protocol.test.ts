import { describe, expect, it } from "vitest";
import { AgentdError } from "../../../src/errors.ts";
import { fromWireError, RequestFault, toWireError } from "../../../src/rpc/protocol.ts";

describe("an error on the wire", () => {
  it("comes back as it was thrown", () => {
    const thrown = new AgentdError("unknown_profile", {
      tried: "run x: y",
      why: "no profile has that name: x",
      next: "`agentd profiles` lists them.",
      details: { profile: "x" },
    });
    const wire = toWireError(thrown);
    expect(wire).toEqual({
      code: -32000,
      message: thrown.message,
      data: {
        code: "unknown_profile",
        tried: "run x: y",
        why: "no profile has that name: x",
        next: thrown.next,
        details: { profile: "x" },
      },
    });
    const { message, tried, why, code, next, details } = fromWireError("run", wire.message, wire.data);
    expect({ message, tried, why, code, next, details }).toEqual({
      message: thrown.message,
      tried: "run x: y",
      why: "no profile has that name: x",
      code: thrown.code,
      next: thrown.next,
      details: thrown.details,
    });
  });

  it("says null for what is not known", () => {
    const wire = toWireError(new AgentdError("internal", { tried: "a", why: "b" }));
    expect(wire.data).toEqual({ code: "internal", tried: "a", why: "b", next: null, details: null });
  });

  it("never tells the message of any other error", () => {
    const wire = toWireError(new TypeError("token=hunter2"));
    expect(wire).toMatchObject({ code: -32603, data: { code: "internal" } });
    expect(JSON.stringify(wire)).not.toContain("hunter2");
  });

  it("keeps the number of a fault of the request", () => {
    const wire = toWireError(new RequestFault("invalid_params", "run: profile: expected a string"));
    expect(wire).toMatchObject({ code: -32602, data: { code: "protocol_error" } });
    const read = fromWireError("run", wire.message, wire.data);
    expect(read.code).toBe("protocol_error");
    expect(read.message).toBe("cannot call run: invalid params: run: profile: expected a string");
  });

  it.each([
    undefined,
    null,
    1,
    [],
    {},
    { code: "no_such_code" },
    { code: "toString" },
    { code: "internal", next: 1 },
  ])("is an AgentdError even with the data %o", (data) => {
    const error = fromWireError("show", "odd", data);
    expect(error).toBeInstanceOf(AgentdError);
    expect(error.message).toBe("cannot call show: odd");
    expect(error.next).toBeUndefined();
  });
});
