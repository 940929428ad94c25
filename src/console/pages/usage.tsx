/** What sessions used of language models, and what that cost. What is not known stays unknown. */
import type { JSX } from "preact";
import { useState } from "preact/hooks";
import type { UsageLine } from "../../web/words/page-answers.ts";
import { useAsked } from "../base/asked.ts";
import { call, question } from "../base/daemon.ts";
import { costText, countText, plural, sumText } from "../base/words.tsx";
import { DayChart } from "../parts/chart.tsx";
import { Table, Waiting } from "../parts/parts.tsx";
import { usageCsv } from "./usage-csv.ts";

const KEYS = ["day", "profile", "model"] as const;
type Key = (typeof KEYS)[number];

function tokensOf({ input_tokens: input, cached_tokens: cached, output_tokens: output }: UsageLine): number {
  return input + cached + output;
}

/** Every day of the time, also those without a session. */
function daysOf(rows: readonly UsageLine[], days: number, valueOf: (row: UsageLine) => number | null) {
  const byDay = new Map(rows.map((row) => [row.day, row]));
  const today = new Date();
  return Array.from({ length: days }, (_, index) => {
    const at = new Date(today.getFullYear(), today.getMonth(), today.getDate() - (days - 1 - index));
    const day = new Intl.DateTimeFormat("sv-SE").format(at);
    const row = byDay.get(day);
    return { day, value: row === undefined ? 0 : valueOf(row) };
  });
}

export function Usage(): JSX.Element {
  const [days, setDays] = useState(30);
  const [profile, setProfile] = useState("");
  const [what, setWhat] = useState<"cost" | "tokens">("cost");
  const [by, setBy] = useState<Key>("day");
  const profiles = useAsked("profiles", () => call("profiles", {}), { changes: () => false }).value ?? [];
  const ask = (key: Key) =>
    question("usage", { by: key, since: `${days}d`, ...(profile === "" ? {} : { profile }) });
  const asked = useAsked(
    `usage ${days} ${profile}`,
    async () =>
      Object.fromEntries(await Promise.all(KEYS.map(async (key) => [key, await ask(key)] as const))),
    { changes: ({ type }) => type === "session.sealed" },
  );
  const answer = asked.value?.[by];
  const total = asked.value?.["day"]?.total;
  const bars = daysOf(asked.value?.["day"]?.rows ?? [], days, what === "cost" ? ({ usd }) => usd : tokensOf);
  return (
    <>
      <h1>Usage</h1>
      <p class="soft">
        {total === undefined
          ? asked.failure === undefined
            ? "Adding up…"
            : "It cannot be added up now."
          : `${sumText(total.usd, total.has_unknown_cost)}, ${countText(tokensOf(total))} tokens in ${plural(total.requests, "request")} of ${plural(total.sessions, "session")}.`}
        {total?.has_unknown_cost === true && " Some requests have no known price, and are in no sum."}
      </p>
      <div class="bar">
        <label>
          Time{" "}
          <select value={String(days)} onChange={(event) => setDays(Number(event.currentTarget.value))}>
            {[7, 30, 90].map((count) => (
              <option value={String(count)}>{count} days</option>
            ))}
          </select>
        </label>
        <label>
          Profile{" "}
          <select value={profile} onChange={(event) => setProfile(event.currentTarget.value)}>
            <option value="">all</option>
            {profiles.map(({ name }) => (
              <option>{name}</option>
            ))}
          </select>
        </label>
        <span class="tools">
          <button aria-pressed={what === "cost"} onClick={() => setWhat("cost")}>
            Cost
          </button>
          <button aria-pressed={what === "tokens"} onClick={() => setWhat("tokens")}>
            Tokens
          </button>
        </span>
      </div>
      {asked.value === undefined ? (
        <Waiting asked={asked} />
      ) : total?.sessions === 0 ? (
        <p class="empty">
          No session has used a language model through the gateway. A profile&apos;s <code>llm</code> opens
          them.
        </p>
      ) : (
        <>
          <div class="card">
            <DayChart
              bars={bars}
              name={what === "cost" ? "Cost" : "Tokens"}
              text={what === "cost" ? costText : countText}
            />
          </div>
          <div class="bar">
            <span class="tools">
              {KEYS.map((key) => (
                <button aria-pressed={by === key} onClick={() => setBy(key)}>
                  By {key}
                </button>
              ))}
            </span>
            <button onClick={() => saveCsv(answer?.rows ?? [], by)}>CSV</button>
          </div>
          <Table
            label={`Usage by ${by}`}
            columns={[
              { name: by.charAt(0).toUpperCase() + by.slice(1) },
              { name: "Sessions", number: true },
              { name: "Requests", number: true },
              { name: "Refused", number: true },
              { name: "Input", number: true },
              { name: "Cached", number: true },
              { name: "Output", number: true },
              { name: "Cost", number: true },
            ]}
            rows={(answer?.rows ?? []).map((row) => [
              <span class={by === "profile" ? "" : "mono"}>{row[by]}</span>,
              row.sessions.toLocaleString("en"),
              row.requests.toLocaleString("en"),
              row.refused.toLocaleString("en"),
              countText(row.input_tokens),
              countText(row.cached_tokens),
              countText(row.output_tokens),
              sumText(row.usd, row.has_unknown_cost),
            ])}
          />
        </>
      )}
    </>
  );
}

function saveCsv(rows: readonly UsageLine[], by: Key): void {
  const address = URL.createObjectURL(new Blob([usageCsv(rows, by)], { type: "text/csv" }));
  const link = document.createElement("a");
  link.href = address;
  link.download = `agentd-usage-by-${by}.csv`;
  link.click();
  URL.revokeObjectURL(address);
}
