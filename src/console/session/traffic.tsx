/** What a session asked of language models, and which hosts it reached. */
import type { JSX } from "preact";
import type { SessionView } from "../../session-document.ts";
import { useAsked } from "../base/asked.ts";
import { question } from "../base/daemon.ts";
import { costText, countText, Sign, sizeText, spanText } from "../base/words.tsx";
import { Table, Waiting } from "../parts/parts.tsx";

/** Rows that are shown, the newest. */
const MOST_ROWS = 200;
const EVERY_MS = 3_000;

export function Model({ session }: { readonly session: SessionView }): JSX.Element {
  const { session_id: id, outcome } = session;
  const asked = useAsked(`requests ${id}`, () => question("requests", { session: id }), often(outcome));
  if (asked.value === undefined) return <Waiting asked={asked} />;
  const { requests, total } = asked.value;
  if (total === 0) {
    return (
      <p class="empty">
        It has asked no language model through the gateway. A profile&apos;s `llm` opens them.
      </p>
    );
  }
  const shown = requests.slice(-MOST_ROWS).reverse();
  return (
    <>
      {total > shown.length && (
        <p class="soft note">
          The newest {shown.length} of {total.toLocaleString("en")}.
        </p>
      )}
      <Table
        label="Requests to language models"
        columns={[
          { name: "Time", short: true },
          { name: "Model" },
          { name: "Answer", short: true },
          { name: "Took", number: true },
          { name: "In", number: true },
          { name: "Out", number: true },
          { name: "Cost", number: true },
        ]}
        rows={shown.map((each) => [
          <span class="mono">{each.time.slice(11, 19)}</span>,
          <span class="mono">{each.model}</span>,
          each.refused !== null ? (
            <Sign kind="fail">{each.refused.replaceAll("_", " ")}</Sign>
          ) : each.duration_ms === null ? (
            <Sign kind="run">under way</Sign>
          ) : each.status === 200 ? (
            <Sign kind="ok">200</Sign>
          ) : (
            <Sign kind="warn">{each.status === null ? "none" : String(each.status)}</Sign>
          ),
          each.duration_ms === null ? "" : spanText(each.duration_ms),
          each.input_tokens === null ? "?" : countText(each.input_tokens),
          each.output_tokens === null ? "?" : countText(each.output_tokens),
          each.refused !== null || each.duration_ms === null ? "" : costText(each.usd),
        ])}
      />
    </>
  );
}

export function Network({ session }: { readonly session: SessionView }): JSX.Element {
  const { session_id: id, outcome } = session;
  const asked = useAsked(`egress ${id}`, () => question("egress", { session: id }), often(outcome));
  if (asked.value === undefined) return <Waiting asked={asked} />;
  const { hosts, total } = asked.value;
  if (total === 0) {
    return (
      <p class="empty">
        No connection was seen. With `network = &quot;allowlist&quot;` every host that a session reaches is
        listed here.
      </p>
    );
  }
  const sorted = [...hosts].sort(
    (one, other) =>
      Number(one.verdict === "allowed") - Number(other.verdict === "allowed") ||
      other.connections - one.connections,
  );
  return (
    <Table
      label="Hosts"
      columns={[
        { name: "Host" },
        { name: "Verdict", short: true },
        { name: "Rule" },
        { name: "Times", number: true },
        { name: "Sent", number: true },
        { name: "Received", number: true },
      ]}
      rows={sorted
        .slice(0, MOST_ROWS)
        .map((each) => [
          <span class="mono">{`${each.host}${each.port === null ? "" : `:${each.port}`}`}</span>,
          <Sign kind={each.verdict === "allowed" ? "ok" : "fail"}>{each.verdict}</Sign>,
          <span class="mono soft">{each.rule}</span>,
          each.connections.toLocaleString("en"),
          sizeText(each.bytes_sent),
          sizeText(each.bytes_received),
        ])}
    />
  );
}

function often(outcome: string | null) {
  return { changes: () => outcome === null, ...(outcome === null ? { everyMs: EVERY_MS } : {}) };
}
