/**
 * What counts as a request: checked here because json-rpc-2.0 takes batches, notifications and odd ids.
 */
import type { Frame } from "./framing.ts";
import { MAX_REQUEST_BYTES, RequestFault } from "./protocol.ts";

/** A request with exactly the members that JSON-RPC names; its params are not checked yet. */
export interface WireRequest {
  readonly jsonrpc: "2.0";
  readonly id: string | number;
  readonly method: string;
  readonly params: object;
}

/** The id to answer under: that of the request where it can be read, else null. */
export type AnswerId = string | number | null;

export type ReadRequest =
  { readonly request: WireRequest } | { readonly fault: RequestFault; readonly id: AnswerId };

const MAX_ID_LENGTH = 100;
const MAX_METHOD_LENGTH = 100;

/** Reads one frame as a request, or says what is wrong with it. */
export function readRequest(frame: Frame): ReadRequest {
  if (frame.kind === "too_long") {
    return { id: null, fault: invalid(`the line is longer than ${MAX_REQUEST_BYTES} bytes`) };
  }
  if (frame.kind === "not_utf8") return { id: null, fault: notJson("the line is not UTF-8") };
  const message = parse(frame.text);
  return message instanceof RequestFault ? { id: null, fault: message } : checkMembers(message.value);
}

function checkMembers(message: unknown): ReadRequest {
  if (Array.isArray(message)) return { id: null, fault: invalid("batches are not accepted") };
  if (typeof message !== "object" || message === null) {
    return { id: null, fault: invalid("a request is a JSON object") };
  }
  const { jsonrpc, id, method, params = {} }: Partial<Record<keyof WireRequest, unknown>> = message;
  if (!isId(id)) {
    return {
      id: null,
      fault: invalid(`the id is a string of up to ${MAX_ID_LENGTH} characters or an integer`),
    };
  }
  if (jsonrpc !== "2.0") return { id, fault: invalid('the member jsonrpc is "2.0"') };
  if (typeof method !== "string" || method.length > MAX_METHOD_LENGTH) {
    return { id, fault: invalid("the member method is the name of a method") };
  }
  if (typeof params !== "object" || params === null || Array.isArray(params)) {
    return { id, fault: new RequestFault("invalid_params", "params is an object") };
  }
  return { request: { jsonrpc, id, method, params } };
}

function parse(line: string): { value: unknown } | RequestFault {
  try {
    return { value: JSON.parse(line) };
  } catch {
    // The parser's message quotes the line, which may be long and is the client's own.
    return notJson("the line is not JSON");
  }
}

function isId(value: unknown): value is string | number {
  return typeof value === "string" ? value.length <= MAX_ID_LENGTH : Number.isSafeInteger(value);
}

function invalid(why: string): RequestFault {
  return new RequestFault("invalid_request", why);
}

function notJson(why: string): RequestFault {
  return new RequestFault("parse_error", why);
}
