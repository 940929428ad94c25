/** The one stream of the page: what happens, and whether anybody tells. After a loss, everything is asked for anew. */
import { effect, signal } from "@preact/signals";
import type { Happening, Hello } from "../../web/words/page-answers.ts";
import { call, connection, hello } from "./daemon.ts";

/** Counts up when everything has to be asked for anew. */
export const epoch = signal(0);

/** Session whose output the stream tells of; empty for none. */
export const watched = signal("");

/** Bytes of that output, as of the last word. */
export const logBytes = signal(0);

/** Two and a half signs of life. */
const SILENCE_MS = 25_000;
const RETRY_MS = 1_000;

type Listener = (happenings: readonly Happening[]) => void;
const listeners = new Set<Listener>();

/** Hears of what happens. @returns ends that. */
export function onHappenings(listener: Listener): () => void {
  listeners.add(listener);
  return () => void listeners.delete(listener);
}

let stream: EventSource | undefined;
let silence: ReturnType<typeof setTimeout> | undefined;
let retry: ReturnType<typeof setTimeout> | undefined;

/** Opens the stream, and again for every other session, loss and return to the page. */
export function goLive(): void {
  effect(() => open(watched.value));
  document.addEventListener("visibilitychange", () => {
    if (!document.hidden && connection.value !== "login") open(watched.peek());
  });
}

function open(session: string): void {
  close();
  const source = new EventSource(`/console/live${session === "" ? "" : `?session=${session}`}`);
  stream = source;
  const isAlive = (): void => {
    clearTimeout(silence);
    silence = setTimeout(lose, SILENCE_MS);
  };
  const on = (name: string, take: (data: unknown) => void): void =>
    source.addEventListener(name, (event) => {
      isAlive();
      take(JSON.parse((event as MessageEvent<string>).data));
    });
  on("hello", (data) => (hello.value = data as Hello));
  on("up", () => {
    // A daemon that comes back may have other sessions, and the stream is of the one that left.
    if (connection.peek() === "stopped") {
      connection.value = "connecting";
      open(session);
      return;
    }
    connection.value = "live";
    epoch.value += 1;
  });
  on("down", () => (connection.value = "stopped"));
  on("feed", (data) => {
    for (const listener of listeners) listener(data as Happening[]);
  });
  on("log", (data) => (logBytes.value = (data as { readonly bytes: number }).bytes));
  on("beat", () => undefined);
  source.onerror = lose;
  isAlive();
}

function close(): void {
  clearTimeout(silence);
  clearTimeout(retry);
  stream?.close();
  stream = undefined;
}

/** A stream says nothing of why it failed: a question does. */
function lose(): void {
  close();
  if (connection.peek() !== "login") connection.value = "away";
  void call("health", {})
    .catch(() => undefined)
    .then(() => {
      if (connection.peek() !== "login") retry = setTimeout(() => open(watched.peek()), RETRY_MS);
    });
}
