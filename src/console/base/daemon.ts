/** The daemon as the pages ask it, and what they know of the connection. */
import { signal } from "@preact/signals";
import type { MethodName, Params, Result } from "../../api/methods.ts";
import type { Hello, PageQuestions } from "../../web/words/page-answers.ts";

/**
 * `live`: the page hears of what happens. `connecting`: it is about to. `away`: `agentd web` does not answer. `stopped`: the
 * daemon does not. `login`: this browser has no login.
 */
export type Connection = "connecting" | "live" | "away" | "stopped" | "login";

export const connection = signal<Connection>("connecting");

/** What `agentd web` has said of itself; undefined before the first time. */
export const hello = signal<Hello | undefined>(undefined);

/** The address behind the `#`, such as `/sessions`. */
export const place = signal("/");

/** Goes to another page. */
export function go(to: string): void {
  location.hash = `#${to}`;
}

/** Why a request failed, in the words of the server. */
export class RequestError extends Error {
  override readonly name = "RequestError";
}

/** Calls a method of the HTTP API. @throws RequestError. */
export async function call<M extends MethodName>(method: M, params: Params<M>): Promise<Result<M>> {
  return (await post(`/api/v1/${method}`, params)) as Result<M>;
}

/** Asks `agentd web` itself. @throws RequestError. */
export async function question<Q extends keyof PageQuestions>(
  name: Q,
  ask: PageQuestions[Q]["ask"],
): Promise<PageQuestions[Q]["answer"]> {
  return (await post(`/console/${name}`, ask)) as PageQuestions[Q]["answer"];
}

/** Changes the secret of the link for a login. @throws RequestError. */
export async function logIn(secret: string): Promise<void> {
  await post("/login", { secret });
}

/** Ends this browser's login. */
export async function logOut(): Promise<void> {
  await post("/logout", {});
  connection.value = "login";
}

async function post(path: string, body: object): Promise<unknown> {
  const answer = await send(path, body);
  const json = (await answer.json()) as { readonly error?: { readonly message?: string } };
  if (answer.ok) return json;
  throw new RequestError(json.error?.message ?? "agentd web does not answer");
}

/** Sends a request as only these pages can. @throws RequestError when nobody answers. */
export async function send(path: string, body: object): Promise<Response> {
  const answer = await fetch(path, {
    method: "POST",
    headers: { "content-type": "application/json", "x-agentd": "1" },
    body: JSON.stringify(body),
  }).catch(() => undefined);
  if (answer === undefined) {
    if (connection.value !== "login") connection.value = "away";
    throw new RequestError("agentd web does not answer");
  }
  if (answer.status === 401) connection.value = "login";
  return answer;
}
