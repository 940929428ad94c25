/** The records of all sessions: whether they are as they were sealed, and removing old ones. */
import type { JSX } from "preact";
import { useRef, useState } from "preact/hooks";
import type { PruneAnswer, VerifiedAll } from "../../web/words/page-answers.ts";
import { useAsked } from "../base/asked.ts";
import { call, question, send } from "../base/daemon.ts";
import { plural, sizeText, timeText } from "../base/words.tsx";
import { Act, Facts, Failure, Table } from "../parts/parts.tsx";
import { Verdict } from "../session/record.tsx";

interface Progress {
  readonly done: number;
  readonly all: number;
}

export function Records(): JSX.Element {
  const asked = useAsked("records", () => call("list", { all: true, limit: 1 }), {
    changes: ({ type }) => type === "session.sealed" || type === "record.pruned",
  });
  const status = useAsked("status", () => call("status", {}), { changes: () => false });
  return (
    <>
      <h1>Records</h1>
      <p class="soft">
        {asked.value === undefined ? "" : `${plural(asked.value.total ?? 0, "record")} in `}
        <span class="mono">{status.value?.audit_root}</span>
      </p>
      <VerifyAll />
      <Prune />
      {(asked.value?.unreadable.length ?? 0) > 0 && <p class="error">Some records cannot be read.</p>}
    </>
  );
}

/** Reads lines of JSON as they come. */
async function* linesOf(
  answer: Response,
): AsyncGenerator<Partial<VerifiedAll & Progress & { error: { message: string } }>> {
  const reader = answer.body?.pipeThrough(new TextDecoderStream()).getReader();
  let rest = "";
  for (;;) {
    const { done, value = "" } = (await reader?.read()) ?? { done: true };
    const lines = (rest + value).split("\n");
    rest = lines.pop() ?? "";
    for (const line of lines) yield JSON.parse(line) as Partial<VerifiedAll>;
    if (done) return;
  }
}

function VerifyAll(): JSX.Element {
  const [progress, setProgress] = useState<Progress>();
  const [found, setFound] = useState<VerifiedAll>();
  const [failure, setFailure] = useState<string>();
  const verify = async (): Promise<void> => {
    setFailure(undefined);
    setFound(undefined);
    setProgress({ done: 0, all: 0 });
    try {
      const answer = await send("/console/verify-all", {});
      for await (const line of linesOf(answer)) {
        if (line.error !== undefined) throw new Error(line.error.message);
        if (line.chain !== undefined) setFound(line as VerifiedAll);
        else setProgress(line as Progress);
      }
    } catch (error) {
      setFailure((error as Error).message);
    }
    setProgress(undefined);
  };
  return (
    <section class="card" aria-label="Verify all">
      <div class="row">
        <h2 class="name">Verify</h2>
        <button class="main" disabled={progress !== undefined} onClick={() => void verify()}>
          {progress === undefined ? "Verify all" : "Verifying…"}
        </button>
      </div>
      <p class="soft">
        Every file against the seal of its record, every seal against the keys, and the chain that connects
        them.
      </p>
      {progress !== undefined && (
        <p>
          <progress value={progress.done} max={Math.max(1, progress.all)} aria-label="Records verified" />{" "}
          <span class="soft">
            {progress.done.toLocaleString("en")} of {progress.all.toLocaleString("en")}
          </span>
        </p>
      )}
      <Failure why={failure} />
      {found !== undefined && <AllVerified found={found} />}
    </section>
  );
}

function AllVerified({
  found: { status, counts, records, chain },
}: {
  readonly found: VerifiedAll;
}): JSX.Element {
  const told = Object.entries(counts).filter(([, count]) => count > 0);
  return (
    <>
      <p role="status">
        <Verdict of={status} />{" "}
        {told
          .map(([name, count]) => `${count.toLocaleString("en")} ${name.replaceAll("_", " ")}`)
          .join(", ") || "no records"}
      </p>
      <Facts
        facts={[
          ["statements", chain.statements.toLocaleString("en")],
          ["head", chain.head === null ? null : <span class="mono">{chain.head}</span>],
          [
            "chain",
            chain.problems.length === 0
              ? "whole"
              : chain.problems.map((problem) => <div class="fail ink">{JSON.stringify(problem)}</div>),
          ],
        ]}
      />
      {records.length > 0 && (
        <Table
          label="Records that are not verified"
          columns={[{ name: "Record", short: true }, { name: "Verdict", short: true }, { name: "Problems" }]}
          rows={records.slice(0, 200).map(({ session_id: id, status: one, problems }) => [
            <a class="mono" href={`#/session/${id}/record`}>
              {id}
            </a>,
            <Verdict of={one} />,
            problems.map(({ path, problem }) => (
              <div>
                {path}: {problem}
              </div>
            )),
          ])}
        />
      )}
    </>
  );
}

function Prune(): JSX.Element {
  const form = useRef<HTMLFormElement>(null);
  const [plan, setPlan] = useState<PruneAnswer>();
  const [failure, setFailure] = useState<string>();
  // What is removed is what was shown, by the rules of then.
  const shown = useRef<{ readonly keep: number; readonly older_than?: string }>({ keep: 0 });
  const show = async (): Promise<void> => {
    const data = new FormData(form.current ?? undefined);
    const number = (name: string): number => Number(data.get(name));
    setFailure(undefined);
    const age = number("days") === 0 ? {} : { older_than: `${number("days")}d` };
    shown.current = { ...age, keep: number("keep") };
    setPlan(await question("prune", { ...shown.current, remove: false }));
  };
  const remove = async (): Promise<void> =>
    setPlan(await question("prune", { ...shown.current, remove: true }));
  const bytes = plan?.records.reduce((sum, { bytes: size }) => sum + size, 0) ?? 0;
  return (
    <section class="card" aria-label="Prune">
      <h2 class="name">Prune</h2>
      <p class="soft">Removes old records. A signed tombstone stays in the chain for each.</p>
      <form
        ref={form}
        class="bar"
        onSubmit={(event) => {
          event.preventDefault();
          show().catch((error: unknown) => setFailure((error as Error).message));
        }}
      >
        <label>
          Older than{" "}
          <input
            name="days"
            type="number"
            min="0"
            max="99999"
            defaultValue="90"
            required
            onInput={() => setPlan(undefined)}
          />{" "}
          days
        </label>
        <label>
          and not among the newest{" "}
          <input
            name="keep"
            type="number"
            min="0"
            max="999999"
            defaultValue="100"
            required
            onInput={() => setPlan(undefined)}
          />{" "}
          of a profile
        </label>
        <button>Show what would go</button>
        {plan !== undefined && !plan.removed && plan.records.length > 0 && (
          <Act
            does={remove}
            asks={`Remove ${plural(plan.records.length, "record")}, ${sizeText(bytes)}, for good?`}
          >
            Remove
          </Act>
        )}
      </form>
      <Failure why={failure} />
      {plan !== undefined && (
        <>
          <p role="status">
            {plan.removed ? "Removed" : "Would remove"} {plural(plan.records.length, "record")},{" "}
            {sizeText(bytes)}.{plan.refused.length > 0 && ` ${plural(plan.refused.length, "record")} stay.`}
          </p>
          <Table
            label="Records of the plan"
            columns={[
              { name: "Record", short: true },
              { name: "Profile" },
              { name: "Ended", short: true },
              { name: "Size", number: true },
            ]}
            rows={[
              ...plan.records
                .slice(0, 200)
                .map(({ session_id: id, profile, end_timestamp: end, bytes: size }) => [
                  <span class="mono">{id}</span>,
                  profile,
                  timeText(end),
                  sizeText(size),
                ]),
              ...plan.refused
                .slice(0, 50)
                .map(({ session_id: id, reason }) => [
                  <span class="mono">{id}</span>,
                  `stays: ${reason}`,
                  "",
                  "",
                ]),
            ]}
          />
        </>
      )}
    </section>
  );
}
