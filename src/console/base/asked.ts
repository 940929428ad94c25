import { useEffect, useRef, useState } from "preact/hooks";
import type { Happening } from "../../web/words/page-answers.ts";
import { connection } from "./daemon.ts";
import { epoch, onHappenings } from "./live.ts";

export interface AskedOptions {
  /** Whether something that happened changes the answer. Default: everything does. */
  readonly changes?: ((happening: Happening) => boolean) | undefined;
  /** How often it is asked anew while nothing happens, in milliseconds: for what no event tells. Default: never. */
  readonly everyMs?: number | undefined;
}

/** What a function answers. */
export interface Asked<T> {
  /** Undefined before the first answer; the last one while nobody answers. */
  readonly value: T | undefined;
  /** Why the last question failed; undefined when it did not. */
  readonly failure: string | undefined;
  /** Asks at once. */
  readonly again: () => void;
}

/** Between two questions. */
const REST_MS = 300;

/** Asks a function at first, when something happens that changes the answer, after a loss, and for another key. */
export function useAsked<T>(key: string, ask: () => Promise<T>, options: AskedOptions = {}): Asked<T> {
  const [answer, setAnswer] = useState<{ key: string; value?: T | undefined; failure?: string }>();
  const now = useRef({ ask, options, again: (): void => undefined });
  now.current.ask = ask;
  now.current.options = options;
  useEffect(() => {
    let isOver = false;
    let isAsking = false;
    let isStale = false;
    let timer: ReturnType<typeof setTimeout> | undefined;
    const look = async (): Promise<void> => {
      if (isAsking) {
        isStale = true;
        return;
      }
      if (document.hidden || connection.value === "login") return;
      clearTimeout(timer);
      isAsking = true;
      isStale = false;
      try {
        const value = await now.current.ask();
        if (!isOver) setAnswer({ key, value });
      } catch (error) {
        if (!isOver) setAnswer((before) => ({ ...before, key, failure: (error as Error).message }));
      }
      const pause = rest();
      if (pause !== undefined) timer = setTimeout(() => void look(), pause);
    };
    /** How long until the next question; undefined: until something happens. */
    const rest = (): number | undefined => {
      isAsking = false;
      if (isOver) return undefined;
      return isStale ? REST_MS : now.current.options.everyMs;
    };
    now.current.again = () => void look();
    const stop = onHappenings((happenings) => {
      if (happenings.some((each) => now.current.options.changes?.(each) ?? true)) void look();
    });
    const forget = epoch.subscribe(() => void look());
    return () => {
      isOver = true;
      clearTimeout(timer);
      stop();
      forget();
    };
  }, [key]);
  const isFor = answer?.key === key;
  return {
    value: isFor ? answer.value : undefined,
    failure: isFor ? answer.failure : undefined,
    again: () => now.current.again(),
  };
}
