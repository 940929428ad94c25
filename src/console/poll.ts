import { useEffect, useState } from "preact/hooks";
import { connection } from "./daemon.ts";

/**
 * What a function answers, asked again and again while the page is visible, and anew for another key. Undefined before the
 * first answer; the last one while the daemon is away.
 */
export function usePolled<T>(ask: () => Promise<T>, key: string, everyMs: number): T | undefined {
  const [answer, setAnswer] = useState<{ readonly key: string; readonly value: T }>();
  useEffect(() => {
    let isOver = false;
    let timer: ReturnType<typeof setTimeout>;
    const look = async (): Promise<void> => {
      if (!document.hidden && connection.value !== "login") {
        const value = await ask().catch(() => undefined); // The connection's state says it.
        if (isOver) return;
        if (value !== undefined) setAnswer({ key, value });
      }
      timer = setTimeout(() => void look(), everyMs);
    };
    void look();
    return () => {
      isOver = true;
      clearTimeout(timer);
    };
  }, [key]);
  return answer?.key === key ? answer.value : undefined;
}
