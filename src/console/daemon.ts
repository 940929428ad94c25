/** The daemon as the pages ask it, and what they know of the connection. */
import { signal } from "@preact/signals";
import type { MethodName, Params, Result } from "../api/methods.ts";

/** `login`: this browser has none; `away`: nobody answers, or the daemon does not run. */
export const connection = signal<"live" | "away" | "login">("live");

/** The address behind the `#`, such as `/sessions`. */
export const place = signal("/");

/** Why a request failed, in the words of the server. */
export class RequestError extends Error {
  override readonly name = "RequestError";
}

/** Calls a method of the HTTP API. @throws RequestError. */
export async function call<M extends MethodName>(method: M, params: Params<M>): Promise<Result<M>> {
  return (await post(`/api/v1/${method}`, params)) as Result<M>;
}

/** Changes the secret of the link for a login. @throws RequestError. */
export async function logIn(secret: string): Promise<void> {
  await post("/login", { secret });
}

async function post(path: string, body: object): Promise<unknown> {
  const answer = await fetch(path, {
    method: "POST",
    headers: { "content-type": "application/json", "x-agentd": "1" },
    body: JSON.stringify(body),
  }).catch(() => undefined);
  if (answer === undefined || answer.status === 503) connection.value = "away";
  else connection.value = answer.status === 401 ? "login" : "live";
  const text = answer === undefined ? undefined : ((await answer.json()) as unknown);
  if (answer?.ok === true) return text;
  const error = (text as { readonly error?: { readonly message?: string } } | undefined)?.error;
  throw new RequestError(error?.message ?? "agentd web does not answer");
}
