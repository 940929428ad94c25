/** A log of any length: only the lines in view are there, and it follows the end until somebody scrolls up. */
import { useEffect, useRef, useState } from "preact/hooks";
import type { LogLine } from "../api/record-methods.ts";
import { Ansi } from "./ansi.tsx";
import { call } from "./daemon.ts";

const ROW = 20;
/** Browsers have a tallest element; beyond it a pixel stands for several lines. */
const MOST_PIXELS = 10_000_000;
const AROUND = 40;
const EVERY_MS = 1_000;

interface Part {
  readonly lines: readonly LogLine[];
  readonly total: number;
  readonly complete: boolean;
}

export function Log({ session }: { readonly session: string }) {
  const box = useRef<HTMLDivElement>(null);
  const [part, setPart] = useState<Part>();
  const [follows, setFollows] = useState(true);
  const [first, setFirst] = useState(1);
  const visible = Math.ceil((box.current?.clientHeight ?? 600) / ROW);
  const count = Math.min(1000, visible + 2 * AROUND);

  useEffect(() => {
    let isOver = false;
    let timer: ReturnType<typeof setTimeout>;
    const look = async (): Promise<void> => {
      const from = follows ? -count : Math.max(1, first - AROUND);
      const answer = await call("log", { session, from, count }).catch(() => undefined); // The page's head says it.
      if (isOver) return;
      if (answer !== undefined) setPart(answer);
      if (answer?.complete !== true) timer = setTimeout(() => void look(), EVERY_MS);
    };
    void look();
    return () => {
      isOver = true;
      clearTimeout(timer);
    };
  }, [session, follows, first, count]);

  const total = part?.total ?? 0;
  const height = Math.min(total * ROW, MOST_PIXELS);
  const scale = total === 0 ? 1 : height / (total * ROW);
  useEffect(() => {
    if (follows && box.current !== null) box.current.scrollTop = box.current.scrollHeight;
  }, [follows, part]);

  const onScroll = (): void => {
    const view = box.current;
    if (view === null) return;
    const isAtEnd = view.scrollTop + view.clientHeight >= view.scrollHeight - ROW;
    setFollows(isAtEnd);
    if (!isAtEnd) setFirst(Math.max(1, Math.floor(view.scrollTop / scale / ROW) + 1));
  };
  const top = part?.lines[0] === undefined ? 0 : Math.max(0, (part.lines[0].line - 1) * ROW * scale);
  const offset = scale === 1 ? top : Math.min(top, Math.max(0, height - (part?.lines.length ?? 0) * ROW));
  return (
    <>
      <div
        class="log"
        ref={box}
        onScroll={onScroll}
        tabIndex={0}
        role="log"
        aria-label="Output of the session"
      >
        <div class="space" style={{ height: `${height}px` }}>
          <div class="lines" style={{ transform: `translateY(${offset}px)` }}>
            {part?.lines.map(({ line, time, stream, text }) => (
              <div key={line} class={stream}>
                <span class="soft">{line}</span>
                <span class="soft">{time?.slice(11, 23) ?? ""}</span>
                <span>
                  <Ansi text={text} />
                </span>
              </div>
            ))}
          </div>
        </div>
        {total === 0 && <p class="empty">No output yet.</p>}
      </div>
      <p class="row soft">
        <span>
          {follows ? "At the end" : "Let go"} · {total.toLocaleString()} lines
        </span>
        {!follows && <button onClick={() => setFollows(true)}>To the end</button>}
      </p>
    </>
  );
}
