/** A log of any length: only the lines in view are there, and it follows the end until somebody scrolls up. */
import type { JSX } from "preact";
import { useEffect, useRef, useState } from "preact/hooks";
import type { LogLine } from "../../api/record-methods.ts";
import { useAsked } from "../base/asked.ts";
import { call, go } from "../base/daemon.ts";
import { logBytes } from "../base/live.ts";
import { plural } from "../base/words.tsx";
import { Ansi } from "../parts/ansi.tsx";
import { Failure } from "../parts/parts.tsx";
import { LogBar } from "./log-bar.tsx";

const ROW = 20;
/** Browsers have a tallest element; beyond it a pixel stands for several lines. */
const MOST_PIXELS = 10_000_000;
/** Lines beyond the view, so that scrolling shows no gap. */
const AROUND = 120;
const WRAPPED_LINES = 400;

interface Part {
  readonly lines: readonly LogLine[];
  readonly total: number;
}

export interface LogProps {
  readonly session: string;
  /** Whether more may come. */
  readonly isOpen: boolean;
  /** The line that the address names. */
  readonly line: number | undefined;
}

export function Log({ session, isOpen, line }: LogProps): JSX.Element {
  const box = useRef<HTMLDivElement>(null);
  const [follows, setFollows] = useState(line === undefined);
  const [first, setFirst] = useState(Math.max(1, (line ?? 1) - 5));
  const [wraps, setWraps] = useState(false);
  const [times, setTimes] = useState(true);
  const visible = Math.ceil((box.current?.clientHeight ?? 600) / ROW);
  const count = wraps ? WRAPPED_LINES : Math.min(1000, visible + 2 * AROUND);
  const from = follows ? -count : Math.max(1, first - (wraps ? 0 : AROUND));

  const asked = useAsked<Part>(`${session} ${from} ${count}`, () => call("log", { session, from, count }), {
    changes: ({ session_id: about, type }) => about === session && type === "session.sealed",
  });
  const last = useRef<Part | undefined>(undefined);
  if (asked.value !== undefined) last.current = asked.value;
  const part = asked.value ?? last.current;
  // Where it grew, what is shown of it may have, too.
  useEffect(
    () =>
      logBytes.subscribe((bytes) => {
        if (bytes > 0) asked.again();
      }),
    [session, from, count],
  );

  const total = part?.total ?? 0;
  const height = Math.min(total * ROW, MOST_PIXELS);
  const scale = total === 0 ? 1 : height / (total * ROW);
  useEffect(() => {
    if (follows && box.current !== null) box.current.scrollTop = box.current.scrollHeight;
  }, [follows, part, wraps]);
  const goTo = (to: number): void => {
    setFollows(false);
    const begin = Math.max(1, to - 5);
    setFirst(begin);
    if (!wraps && box.current !== null) box.current.scrollTop = (begin - 1) * ROW * scale;
  };
  const isPlaced = useRef(false);
  useEffect(() => {
    if (line === undefined || part === undefined || isPlaced.current) return;
    isPlaced.current = true;
    goTo(line);
  }, [part]);
  const onScroll = (): void => {
    const view = box.current;
    if (view === null) return;
    const isAtEnd = view.scrollTop + view.clientHeight >= view.scrollHeight - ROW;
    if (wraps) {
      setFollows(follows && isAtEnd);
      return;
    }
    setFollows(isAtEnd);
    if (isAtEnd) return;
    const top = Math.max(1, Math.floor(view.scrollTop / scale / ROW) + 1);
    // A question for every few lines, not for every pixel.
    const isNear = Math.abs(top - first) < AROUND / 2 && scale === 1;
    if (!isNear) setFirst(top);
  };
  const begin = part?.lines[0]?.line ?? 1;
  const end = part?.lines.at(-1)?.line ?? 0;
  const top = Math.max(0, (begin - 1) * ROW * scale);
  // Beyond the tallest element the lines stand where the view is.
  const shown =
    scale === 1
      ? top
      : Math.min(
          Math.max(0, (first - 1) * ROW * scale - (first - begin) * ROW),
          height - (part?.lines.length ?? 0) * ROW,
        );
  const offset = follows ? Math.max(0, height - (part?.lines.length ?? 0) * ROW) : Math.max(0, shown);
  const lines = (
    <div class="lines" style={wraps ? {} : { transform: `translateY(${offset}px)` }}>
      {part?.lines.map((each) => (
        <Line key={each.line} line={each} session={session} times={times} isMarked={each.line === line} />
      ))}
    </div>
  );
  return (
    <>
      <LogBar
        {...{ session, isOpen, line, total, wraps, times, goTo }}
        setWraps={() => setWraps(!wraps)}
        setTimes={() => setTimes(!times)}
      />
      <div
        class={`log ${wraps ? "wraps" : ""} ${times ? "" : "timeless"}`}
        ref={box}
        onScroll={onScroll}
        tabIndex={0}
        role="log"
        aria-live="off"
        aria-label="Output of the session"
      >
        {wraps && begin > 1 && (
          <button onClick={() => goTo(Math.max(1, begin - WRAPPED_LINES))}>Earlier lines</button>
        )}
        {wraps ? (
          lines
        ) : (
          <div class="space" style={{ height: `${height}px` }}>
            {lines}
          </div>
        )}
        {wraps && end < total && <button onClick={() => goTo(end + 1)}>Later lines</button>}
        <Failure why={asked.failure} />
        {part !== undefined && total === 0 && (
          <p class="empty">{isOpen ? "No output yet." : "It printed nothing."}</p>
        )}
      </div>
      <p class="row soft">
        <span role="status">
          {follows ? (isOpen ? "Following" : "At the end") : "Let go"} · {plural(total, "line")}
        </span>
        {!follows && <button onClick={() => setFollows(true)}>To the end</button>}
      </p>
    </>
  );
}

function Line({
  line: { line, time, stream, text },
  session,
  times,
  isMarked,
}: {
  readonly line: LogLine;
  readonly session: string;
  readonly times: boolean;
  readonly isMarked: boolean;
}): JSX.Element {
  return (
    <div class={`${stream} ${isMarked ? "marked" : ""}`}>
      <a
        class="soft"
        href={`#/session/${session}/log/${line}`}
        tabIndex={-1}
        aria-label={`Line ${line}`}
        onClick={(event) => {
          event.preventDefault();
          go(`/session/${session}/log/${line}`);
        }}
      >
        {line}
      </a>
      {times && <span class="soft">{time?.slice(11, 23) ?? ""}</span>}
      <span>
        <Ansi text={text} />
      </span>
    </div>
  );
}
