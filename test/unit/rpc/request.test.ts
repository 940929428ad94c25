import { describe, expect, it } from "vitest";
import { readRequest } from "../../../src/rpc/request.ts";

function read(text: string): unknown {
  const result = readRequest({ kind: "line", text });
  return "request" in result ? result.request : { code: result.fault.wireCode, id: result.id };
}

describe("reading a request", () => {
  it("returns the members that JSON-RPC names and no others", () => {
    expect(read('{"jsonrpc":"2.0","id":7,"method":"show","params":{"session":"a"},"extra":1}')).toEqual({
      jsonrpc: "2.0",
      id: 7,
      method: "show",
      params: { session: "a" },
    });
  });

  it("takes missing params for none", () => {
    expect(read('{"jsonrpc":"2.0","id":"x","method":"status"}')).toMatchObject({ id: "x", params: {} });
  });

  it.each([
    ["text that is not JSON", "status", -32700, null],
    ["an empty line", "", -32700, null],
    ["a batch", '[{"jsonrpc":"2.0","id":1,"method":"status"}]', -32600, null],
    ["an empty batch", "[]", -32600, null],
    ["null", "null", -32600, null],
    ["a number", "1", -32600, null],
    ["a notification", '{"jsonrpc":"2.0","method":"status"}', -32600, null],
    ["the id null", '{"jsonrpc":"2.0","id":null,"method":"status"}', -32600, null],
    ["a fraction as id", '{"jsonrpc":"2.0","id":1.5,"method":"status"}', -32600, null],
    ["a number as id that JSON cannot hold", '{"jsonrpc":"2.0","id":1e400,"method":"status"}', -32600, null],
    ["an object as id", '{"jsonrpc":"2.0","id":{},"method":"status"}', -32600, null],
    ["a long id", `{"jsonrpc":"2.0","id":"${"x".repeat(101)}","method":"status"}`, -32600, null],
    ["no version", '{"id":1,"method":"status"}', -32600, 1],
    ["another version", '{"jsonrpc":"1.0","id":1,"method":"status"}', -32600, 1],
    ["no method", '{"jsonrpc":"2.0","id":1}', -32600, 1],
    ["a method that is no text", '{"jsonrpc":"2.0","id":1,"method":["run"]}', -32600, 1],
    ["params that are an array", '{"jsonrpc":"2.0","id":1,"method":"show","params":["a"]}', -32602, 1],
    ["params that are null", '{"jsonrpc":"2.0","id":1,"method":"show","params":null}', -32602, 1],
    ["params that are a text", '{"jsonrpc":"2.0","id":1,"method":"show","params":"a"}', -32602, 1],
    ["100,000 open brackets", "[".repeat(100_000), -32700, null],
    ["100,000 nested arrays", "[".repeat(100_000) + "]".repeat(100_000), -32600, null],
  ])("refuses %s", (_, text, code, id) => {
    expect(read(text)).toEqual({ code, id });
  });

  it.each([
    [{ kind: "too_long" } as const, -32600],
    [{ kind: "not_utf8" } as const, -32700],
  ])("refuses the frame %o", (frame, code) => {
    const result = readRequest(frame);
    expect("fault" in result && { code: result.fault.wireCode, id: result.id }).toEqual({ code, id: null });
  });
});
