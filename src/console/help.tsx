/** The keys, and the way out. */
import type { JSX } from "preact";
import { useRef } from "preact/hooks";
import { connection } from "./base/daemon.ts";
import { KEYS, PAGES } from "./keys.ts";

export function Help({ logOut }: { readonly logOut: () => void }): JSX.Element {
  const dialog = useRef<HTMLDialogElement>(null);
  return (
    <>
      <button id="help" class="plain" aria-label="Keys and help" onClick={() => dialog.current?.showModal()}>
        ?
      </button>
      <dialog ref={dialog} aria-label="Keys">
        <h2>Keys</h2>
        <dl>
          {[...KEYS, ...PAGES.map(({ key, name }) => [`g ${key}`, name] as const)].map(([key, what]) => (
            <>
              <dt>
                <kbd>{key}</kbd>
              </dt>
              <dd>{what}</dd>
            </>
          ))}
        </dl>
        <p class="actions">
          <button class="main" onClick={() => dialog.current?.close()}>
            Close
          </button>
          {connection.value !== "login" && (
            <button
              onClick={() => {
                dialog.current?.close();
                logOut();
              }}
            >
              Log out
            </button>
          )}
        </p>
      </dialog>
    </>
  );
}
