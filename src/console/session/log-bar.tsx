/** Above a log: the search over all of it, and how it is shown. */
import type { JSX } from "preact";
import { useEffect, useState } from "preact/hooks";
import type { FoundLines } from "../../web/words/page-answers.ts";
import { go, question } from "../base/daemon.ts";

export interface LogBarProps {
  readonly session: string;
  readonly isOpen: boolean;
  readonly line: number | undefined;
  readonly total: number;
  readonly wraps: boolean;
  readonly times: boolean;
  readonly setWraps: () => void;
  readonly setTimes: () => void;
  /** Shows a line. */
  readonly goTo: (line: number) => void;
}

interface Found extends FoundLines {
  readonly text: string;
}

/** The number of the line of a hit; undefined where it was not kept. */
function lineOf({ total, first, last }: FoundLines, hit: number): number | undefined {
  if (hit < first.length) return first[hit];
  return last[last.length - (total - hit)];
}

export function LogBar(props: LogBarProps): JSX.Element {
  const { session, goTo, total, line } = props;
  const [text, setText] = useState("");
  const [found, setFound] = useState<Found>();
  const [hit, setHit] = useState(0);
  const [state, setState] = useState("");
  const show = (among: FoundLines, wanted: number): void => {
    if (among.total === 0) return;
    const at = ((wanted % among.total) + among.total) % among.total;
    setHit(at);
    const to = lineOf(among, at);
    if (to === undefined) return;
    go(`/session/${session}/log/${to}`);
    goTo(to);
  };
  const search = async (): Promise<void> => {
    if (text === "") {
      setFound(undefined);
      return;
    }
    setState("Searching…");
    try {
      const answer = await question("search", { session, text });
      setFound({ ...answer, text });
      setState("");
      show(answer, 0);
    } catch (error) {
      setState((error as Error).message);
    }
  };
  // By hand, a line that the address names is shown.
  useEffect(() => {
    if (line !== undefined && total > 0) goTo(line);
  }, [line]);
  const isFor = found !== undefined && found.text === text;
  return (
    <form
      class="bar"
      role="search"
      onSubmit={(event) => {
        event.preventDefault();
        if (isFor) show(found, hit + 1);
        else void search();
      }}
    >
      <input
        type="search"
        class="search"
        aria-label="Search the output"
        placeholder="Search the output  /"
        value={text}
        onInput={(event) => setText(event.currentTarget.value)}
      />
      <span role="status" class="soft">
        {isFor
          ? found.total === 0
            ? "no line"
            : `${(hit + 1).toLocaleString("en")} of ${found.total.toLocaleString("en")} lines`
          : state}
      </span>
      {isFor && found.total > 1 && (
        <>
          <button type="button" aria-label="The line before with it" onClick={() => show(found, hit - 1)}>
            ↑
          </button>
          <button type="button" aria-label="The next line with it" onClick={() => show(found, hit + 1)}>
            ↓
          </button>
          <button type="button" onClick={() => show(found, found.total - 1)}>
            Last
          </button>
        </>
      )}
      <span class="tools">
        <button type="button" data-key="t" aria-pressed={props.times} onClick={props.setTimes}>
          Times
        </button>
        <button type="button" data-key="w" aria-pressed={props.wraps} onClick={props.setWraps}>
          Wrap
        </button>
        <a class="button" href={`/console/download/log?session=${session}`} download>
          Download
        </a>
      </span>
    </form>
  );
}
