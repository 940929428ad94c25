/** Small pieces that pages share. */
import type { ComponentChildren, JSX } from "preact";
import { useRef, useState } from "preact/hooks";
import type { Asked } from "../base/asked.ts";
import { hello } from "../base/daemon.ts";

/** What is shown until the first answer comes, or why none does. */
export function Waiting({ asked }: { readonly asked: Pick<Asked<unknown>, "failure"> }): JSX.Element {
  return asked.failure === undefined ? (
    <p class="soft">Asking the daemon…</p>
  ) : (
    <Failure why={asked.failure} />
  );
}

/** Why something did not work, read out at once; nothing while it works. */
export function Failure({
  why,
  inline = false,
}: {
  readonly why: string | undefined;
  /** Whether it stands in a line of text. */
  readonly inline?: boolean;
}): JSX.Element | null {
  if (why === undefined) return null;
  const Place = inline ? "span" : "p";
  return (
    <Place class="error" role="alert">
      {why}
    </Place>
  );
}

export interface Column {
  readonly name: string;
  /** Whether it is as narrow as its content. */
  readonly short?: true;
  /** Whether it holds numbers. */
  readonly number?: true;
  /** Whether it is left out on a small screen. */
  readonly wide?: true;
}

/** A table; on a small screen its rows are stacked, with the names of the columns. */
export function Table({
  label,
  columns,
  rows,
  head = true,
}: {
  readonly label: string;
  readonly columns: readonly Column[];
  readonly rows: readonly (readonly ComponentChildren[])[];
  /** False: the names are only read out. */
  readonly head?: boolean;
}): JSX.Element {
  const classOf = ({ short, number, wide }: Column): string =>
    [short && "short", number && "number", wide && "wide"].filter(Boolean).join(" ");
  return (
    <table aria-label={label}>
      <thead class={head ? "" : "unseen"}>
        <tr>
          {columns.map((column) => (
            <th scope="col" class={classOf(column)}>
              {column.name}
            </th>
          ))}
        </tr>
      </thead>
      <tbody>
        {rows.map((cells) => (
          <tr>
            {cells.map((cell, index) => (
              <td class={classOf(columns[index] ?? { name: "" })} data-name={columns[index]?.name}>
                {cell}
              </td>
            ))}
          </tr>
        ))}
      </tbody>
    </table>
  );
}

/** A button that changes something, also within a form; not there where changes are refused. Says why it failed. */
export function Act({
  children,
  does,
  asks,
  main,
}: {
  readonly children: string;
  readonly does: () => Promise<unknown>;
  /** What to ask before it is done. Default: nothing. */
  readonly asks?: string | undefined;
  readonly main?: boolean | undefined;
}): JSX.Element | null {
  const [failure, setFailure] = useState<string>();
  const [isBusy, setBusy] = useState(false);
  const dialog = useRef<HTMLDialogElement>(null);
  if (hello.value?.read_only !== false) return null;
  const act = (): void => {
    dialog.current?.close();
    setFailure(undefined);
    setBusy(true);
    does()
      .catch((error: unknown) => setFailure((error as Error).message))
      .finally(() => setBusy(false));
  };
  return (
    <span>
      <button
        type="button"
        class={main === true ? "main" : ""}
        disabled={isBusy}
        onClick={() => (asks === undefined ? act() : dialog.current?.showModal())}
      >
        {isBusy ? `${children}…` : children}
      </button>
      {asks !== undefined && (
        <dialog ref={dialog} aria-label={children}>
          <p>{asks}</p>
          <p class="actions">
            <button type="button" class="main" onClick={act}>
              {children}
            </button>
            <button type="button" onClick={() => dialog.current?.close()}>
              Leave it
            </button>
          </p>
        </dialog>
      )}
      <Failure why={failure} inline />
    </span>
  );
}

/** Names and values; without those that are null. */
export function Facts({
  facts,
}: {
  readonly facts: readonly (readonly [string, ComponentChildren | null])[];
}): JSX.Element {
  return (
    <dl>
      {facts.map(([name, value]) =>
        value === null ? null : (
          <>
            <dt>{name}</dt>
            <dd>{value}</dd>
          </>
        ),
      )}
    </dl>
  );
}

/** How much of a limit is used. */
export function Meter({
  used,
  max,
  label,
}: {
  readonly used: number;
  readonly max: number;
  readonly label: string;
}) {
  const part = Math.min(1, used / max);
  return (
    <div
      class={`meter ${part >= 0.8 ? "warn" : ""}`}
      role="meter"
      aria-label={label}
      aria-valuenow={Math.round(part * 100)}
      aria-valuemin={0}
      aria-valuemax={100}
    >
      <div style={{ width: `${part * 100}%` }} />
    </div>
  );
}
