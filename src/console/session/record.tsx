/** A session's record: its proof, its files with their digests, its journal, and all of it in one archive. */
import type { JSX } from "preact";
import { useState } from "preact/hooks";
import type { SessionView } from "../../session-document.ts";
import type { Step, VerifiedSession } from "../../web/words/page-answers.ts";
import { useAsked } from "../base/asked.ts";
import { question } from "../base/daemon.ts";
import { fileLink, readText } from "../base/record-file.ts";
import { plural, Sign, sizeText } from "../base/words.tsx";
import { Facts, Failure, Table } from "../parts/parts.tsx";

const SUMS = "SHA256SUMS";
const MOST_FILES = 500;

/** The lines of `SHA256SUMS`. */
function readSums(text: string): { readonly digest: string; readonly path: string }[] {
  return text.split("\n").flatMap((line) => {
    const [, digest, path] = /^\\?([0-9a-f]{64})[ *]{2}(.+)$/.exec(line) ?? [];
    return digest === undefined || path === undefined ? [] : [{ digest, path }];
  });
}

export function RecordTab({
  session,
  steps,
}: {
  readonly session: SessionView;
  readonly steps: readonly Step[];
}): JSX.Element {
  const { session_id: id, outcome } = session;
  return (
    <div class="part">
      {outcome === null ? (
        <p class="empty">The record is open. It is sealed and signed when the session has ended.</p>
      ) : (
        <>
          <Proof session={session} />
          <Files id={id} />
        </>
      )}
      <h2>Journal</h2>
      <Table
        label="Journal"
        columns={[
          { name: "Time", short: true },
          { name: "State", short: true },
          { name: "Event", short: true },
          { name: "Details" },
        ]}
        rows={steps.map(({ time, state, event, ...details }) => [
          <span class="mono">{time.slice(11, 23)}</span>,
          state,
          event?.replaceAll("_", " ") ?? "",
          <span class="mono soft">{detailsText(details)}</span>,
        ])}
      />
    </div>
  );
}

function detailsText(details: Readonly<Record<string, unknown>>): string {
  return Object.entries(details)
    .filter(([, value]) => value !== null && !(Array.isArray(value) && value.length === 0))
    .map(([name, value]) => `${name}=${typeof value === "string" ? value : JSON.stringify(value)}`)
    .join(" ");
}

const VERDICTS = {
  verified: ["ok", "verified"],
  incomplete: ["warn", "incomplete"],
  unknown_key: ["warn", "unknown key"],
  altered: ["fail", "altered"],
} as const;

/** A verdict with its colour and sign. */
export function Verdict({ of }: { readonly of: VerifiedSession["status"] }): JSX.Element {
  const [kind, text] = VERDICTS[of];
  return <Sign kind={kind}>{text}</Sign>;
}

function Proof({ session: { session_id: id } }: { readonly session: SessionView }): JSX.Element {
  const [verified, setVerified] = useState<VerifiedSession>();
  const [isBusy, setBusy] = useState(false);
  const [failure, setFailure] = useState<string>();
  const verify = async (): Promise<void> => {
    setBusy(true);
    setFailure(undefined);
    try {
      setVerified(await question("verify", { session: id }));
    } catch (error) {
      setFailure((error as Error).message);
    }
    setBusy(false);
  };
  return (
    <section class="card" aria-label="Proof">
      <div class="row">
        <span role="status">
          {verified === undefined ? (
            <>
              <Sign kind="mute">sealed</Sign> Not verified in this window yet.
            </>
          ) : (
            <>
              <Verdict of={verified.status} /> {plural(verified.files, "file")} against the seal, the key and
              the chain.
            </>
          )}
        </span>
        <span class="actions">
          <button class="main" disabled={isBusy} onClick={() => void verify()}>
            {isBusy ? "Verifying…" : "Verify now"}
          </button>
          <a class="button" href={`/console/download/record?session=${id}`} download>
            Export
          </a>
        </span>
      </div>
      <Failure why={failure} />
      {verified !== undefined && (
        <Facts
          facts={[
            [
              "statement",
              verified.statement === null ? null : <span class="mono">{verified.statement}</span>,
            ],
            ["key", verified.key_id === null ? null : <span class="mono">{verified.key_id}</span>],
            [
              "problems",
              verified.problems.length === 0
                ? null
                : verified.problems.map(({ path, problem }) => (
                    <div class="fail ink">
                      {path}: {problem}
                    </div>
                  )),
            ],
          ]}
        />
      )}
    </section>
  );
}

function Files({ id }: { readonly id: string }): JSX.Element {
  const asked = useAsked(`sums ${id}`, () => readText(id, SUMS), { changes: () => false });
  const sums = readSums(asked.value?.text ?? "");
  return (
    <>
      <h2>
        {plural(sums.length, "file")}
        {asked.value?.isWhole === false && ` of the first ${sizeText(asked.value.text.length)} of ${SUMS}`}
      </h2>
      <Failure why={asked.failure} />
      <Table
        label="Files of the record"
        columns={[{ name: "File" }, { name: "SHA-256" }]}
        rows={sums.slice(0, MOST_FILES).map(({ digest, path }) => [
          <a class="mono" href={fileLink(id, path)} download>
            {path}
          </a>,
          <span class="mono soft digest">{digest}</span>,
        ])}
      />
      {sums.length > MOST_FILES && <p class="soft">The first {MOST_FILES} are shown; the export has all.</p>}
    </>
  );
}
