/** How a session's time went: its states, each as long as it took, and its requests to models as ticks. */
import type { JSX } from "preact";
import type { SessionView } from "../../session-document.ts";
import type { Step } from "../../web/words/page-answers.ts";
import { useAsked } from "../base/asked.ts";
import { question } from "../base/daemon.ts";
import { kindOf, spanText } from "../base/words.tsx";

interface Phase {
  readonly name: string;
  readonly from: number;
  readonly to: number;
  readonly kind: string;
}

/** The phases that a journal tells of, each up to the next. */
function phasesOf(steps: readonly Step[], session: SessionView, now: number): Phase[] {
  const at = (event: string): number | undefined => {
    const found = steps.find((step) => step.event === event);
    return found === undefined ? undefined : Date.parse(found.time);
  };
  const sealed = steps.find(({ state }) => state === "sealed");
  const marks: readonly (readonly [string, number | undefined, string])[] = [
    ["queued", at("accepted"), ""],
    ["prepare", at("started"), ""],
    ["agent", at("gate_opened"), kindOf(session)],
    ["export", at("ended"), ""],
    ["seal", at("exported") ?? at("export_failed"), ""],
  ];
  const end = sealed === undefined ? now : Date.parse(sealed.time);
  const known = marks.flatMap(([name, from, kind]) => (from === undefined ? [] : [{ name, from, kind }]));
  return known.map((mark, index) => ({ ...mark, to: known[index + 1]?.from ?? end }));
}

/** What a phase shows at least, of the whole. */
const LEAST = 0.1;

/** The width of each phase, so that the shortest can be read. */
function sharesOf(phases: readonly Phase[]): number[] {
  const whole = Math.max(
    1,
    phases.reduce((sum, { from, to }) => sum + to - from, 0),
  );
  const shares = phases.map(({ from, to }) => Math.max(LEAST, (to - from) / whole));
  // What the short ones have too much, the longest has too little.
  const longest = shares.indexOf(Math.max(...shares));
  const others = shares.reduce((sum, share, index) => (index === longest ? sum : sum + share), 0);
  return shares.map((share, index) => (index === longest ? Math.max(LEAST, 1 - others) : share));
}

export function Timeline({
  session,
  steps,
  now,
}: {
  readonly session: SessionView;
  readonly steps: readonly Step[];
  readonly now: number;
}): JSX.Element {
  const { session_id: id, llm } = session;
  const asked = useAsked(
    `ticks ${id} ${llm?.requests ?? 0}`,
    async () => (llm === null ? [] : (await question("requests", { session: id })).requests),
    { changes: () => false },
  );
  const phases = phasesOf(steps, session, now);
  const shares = sharesOf(phases);
  const agent = phases.findIndex(({ name }) => name === "agent");
  const before = shares.slice(0, Math.max(0, agent)).reduce((sum, share) => sum + share, 0);
  const phase = phases[agent];
  const ticks = (asked.value ?? []).flatMap(({ time, refused }) => {
    if (phase === undefined) return [];
    const part = (Date.parse(time) - phase.from) / Math.max(1, phase.to - phase.from);
    return [{ x: before + Math.min(1, Math.max(0, part)) * (shares[agent] ?? 0), refused }];
  });
  return (
    <div class="timeline">
      <ol aria-label="How its time went">
        {phases.map(({ name, from, to, kind }, index) => (
          <li
            class={kind}
            style={{ width: `${(shares[index] ?? 0) * 100}%` }}
            title={name === "prepare" ? preparedText(steps) : name}
          >
            <span>
              {name} {spanText(to - from)}
            </span>
            {name === "prepare" && <Parts steps={steps} ms={to - from} />}
          </li>
        ))}
      </ol>
      {ticks.length > 0 && (
        <svg
          viewBox="0 0 1000 8"
          preserveAspectRatio="none"
          role="img"
          aria-label={`${ticks.length} requests to models`}
        >
          {ticks.map(({ x, refused }) => (
            <rect class={refused === null ? "tick" : "fail"} x={x * 1000} y="0" width="2" height="8" />
          ))}
        </svg>
      )}
    </div>
  );
}

const MADE: Readonly<Record<string, string>> = {
  image_found: "image",
  container_created: "container",
  warm_taken: "container",
  cloned: "clone",
  copied: "copy",
};

/** What a session is prepared with, made side by side, and how long each took from the beginning, in milliseconds. */
function partsOf(steps: readonly Step[]): readonly (readonly [string, number])[] {
  const begin = Date.parse(steps.find(({ event }) => event === "started")?.time ?? "");
  return steps.flatMap(({ event, time }) => {
    const name = MADE[event ?? ""];
    return name === undefined ? [] : [[name, Date.parse(time) - begin] as const];
  });
}

/** A bar for the container and one for the files, as long as they took of their phase. */
function Parts({ steps, ms }: { readonly steps: readonly Step[]; readonly ms: number }): JSX.Element {
  const bars = partsOf(steps).filter(([name]) => name !== "image");
  return (
    <>
      {bars.map(([, took]) => (
        <i style={{ width: `${Math.min(1, took / Math.max(1, ms)) * 100}%` }} />
      ))}
    </>
  );
}

/** Such as `image after 0.2 s, clone after 2.1 s`. */
export function preparedText(steps: readonly Step[]): string {
  return partsOf(steps)
    .map(([name, took]) => `${name} after ${spanText(took)}`)
    .join(", ");
}
