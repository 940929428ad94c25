/**
 * From a checked request to its response: validates params, calls the handler, maps what it throws.
 */
import { type JSONRPCResponse, JSONRPCServer } from "json-rpc-2.0";
import type { Handlers, RequestContext } from "../api/handlers.ts";
import { type MethodName, METHODS, type Result } from "../api/methods.ts";
import { AgentdError } from "../errors.ts";
import type { Logger } from "../log.ts";
import { PROTOCOL_VERSION, RequestFault, toWireError, WIRE_CODES, type WireError } from "./protocol.ts";
import type { AnswerId, WireRequest } from "./request.ts";

/** The daemon's identity: what `hello` answers. */
export interface Identity {
  readonly version: string;
  readonly pid: number;
  /** Eight hexadecimal digits that name the state directory. */
  readonly instance: string;
}

/** Answers one request; never rejects. */
export type Dispatch = (request: WireRequest, context: RequestContext) => Promise<object>;

/** An error as the response to a request. */
export function errorResponse(id: AnswerId, error: WireError): JSONRPCResponse {
  return { jsonrpc: "2.0", id, error };
}

export function createDispatcher(identity: Identity, handlers: Handlers, log: Logger): Dispatch {
  const rpc = new JSONRPCServer<RequestContext>({
    errorListener: () => undefined, // Said below, with what was thrown and not as a line on the console.
  });
  rpc.mapErrorToJSONRPCErrorResponse = (id, error) => {
    const wire = toWireError(error);
    if (wire.code === WIRE_CODES.internal_error) log.error({ error: asError(error) }, "a request failed");
    return { jsonrpc: "2.0", id, error: wire };
  };
  rpc.handleMethodNotFound = (request) =>
    Promise.reject(
      new RequestFault("method_not_found", `there is no method ${JSON.stringify(request.method)}`),
    );

  const all = { ...handlers, hello: (params: { protocol: number }) => hello(identity, params.protocol) };
  for (const name of Object.keys(METHODS) as MethodName[]) {
    const call = all[name] as (params: unknown, context: RequestContext) => Promise<unknown>;
    rpc.addMethod(name, async (params: unknown, context) => call(checkParams(name, params), context));
  }
  return async (request, context) => {
    const response = await rpc.receive(request, context);
    return response ?? errorResponse(request.id, toWireError(new Error("no response")));
  };
}

function checkParams(name: MethodName, params: unknown): unknown {
  const checked = METHODS[name].params.safeParse(params);
  if (checked.success) return checked.data;
  const problems = checked.error.issues.map(({ path, message }) => [...path, message].join(": "));
  throw new RequestFault("invalid_params", `${name}: ${problems.join("; ")}`);
}

function hello(identity: Identity, protocol: number): Promise<Result<"hello">> {
  if (protocol === PROTOCOL_VERSION) return Promise.resolve({ protocol, ...identity });
  return Promise.reject(
    new AgentdError("protocol_mismatch", {
      tried: "talk to this client",
      why: `it speaks protocol ${protocol}, but daemon ${identity.version} speaks ${PROTOCOL_VERSION}`,
      next: "Restart the daemon after an upgrade, and use the agentd command of the same installation.",
      details: { client: protocol, daemon: PROTOCOL_VERSION, version: identity.version },
    }),
  );
}

function asError(thrown: unknown): Error {
  return thrown instanceof Error ? thrown : new Error(String(thrown));
}
