/** Which of the daemon's methods the HTTP API has. */
import type { MethodRecord } from "../../api/method-record.ts";
import { type MethodName, METHODS } from "../../api/methods.ts";

/**
 * Not served: `hello` belongs to the socket; `exec` and `enter` answer with the way to a container of this host, and `stay` and
 * `leave` go with that; `webhook_refused` is what agentd web itself tells; `fingerprints` is for readers of raw output, which never leaves the daemon's host.
 */
const LEFT_OUT = [
  "hello",
  "exec",
  "enter",
  "stay",
  "leave",
  "webhook_refused",
  "fingerprints",
] as const satisfies readonly MethodName[];

/** A method that the HTTP API has. */
export type ServedMethod = Exclude<MethodName, (typeof LEFT_OUT)[number]>;

export const SERVED_METHODS: readonly ServedMethod[] = (Object.keys(METHODS) as MethodName[]).filter(
  isServed,
);

/** Whether the HTTP API has a method of that name. */
export function isServed(name: string): name is ServedMethod {
  return Object.hasOwn(METHODS, name) && !(LEFT_OUT as readonly string[]).includes(name);
}

/** Whether a method starts, stops or changes something. */
export function changes(method: ServedMethod): boolean {
  const record: MethodRecord = METHODS[method];
  return record.changes === true;
}
