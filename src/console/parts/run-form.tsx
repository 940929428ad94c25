/** Starts a session of a profile. */
import type { JSX } from "preact";
import { useRef, useState } from "preact/hooks";
import type { Result } from "../../api/methods.ts";
import { call, go, hello } from "../base/daemon.ts";
import { Failure } from "./parts.tsx";

export interface RunFormProps {
  readonly profiles: Result<"profiles">;
  /** Which one it is for; default: a person chooses. */
  readonly profile?: string | undefined;
}

const UNITS = { m: 60_000, h: 3_600_000, d: 86_400_000 } as const;

/** Milliseconds of a time such as `30m`; undefined for the profile's. */
function timeoutOf(text: string): number | undefined {
  const [, count, unit] = /^(\d{1,4}) ?([mhd])$/.exec(text) ?? [];
  return count === undefined ? undefined : Number(count) * UNITS[unit as keyof typeof UNITS];
}

export function RunForm({ profiles, profile }: RunFormProps): JSX.Element | null {
  const dialog = useRef<HTMLDialogElement>(null);
  const [chosen, setChosen] = useState(profile ?? profiles[0]?.name ?? "");
  const [failure, setFailure] = useState<string>();
  // The same for one run, so that a second click starts no other.
  const request = useRef("");
  if (hello.value?.read_only !== false || profiles.length === 0) return null;
  const needsRepository = profiles.find(({ name }) => name === chosen)?.repo === null;
  const run = async (form: HTMLFormElement): Promise<void> => {
    setFailure(undefined);
    const data = new FormData(form);
    const text = (name: string): string => {
      const value = data.get(name);
      return typeof value === "string" ? value.trim() : "";
    };
    const given = (name: string) => (text(name) === "" ? {} : { [name]: text(name) });
    const timeout = timeoutOf(text("timeout"));
    try {
      const { session_id: id } = await call("run", {
        ...{ request_id: request.current, profile: chosen },
        ...{ ...given("repo"), ...given("ref"), ...given("work_unit"), ...given("request") },
        ...(timeout === undefined ? {} : { timeout_ms: timeout }),
        ...(data.get("keep") === "on" ? { keep: true } : {}),
      });
      dialog.current?.close();
      go(`/session/${id}`);
    } catch (error) {
      setFailure((error as Error).message);
    }
  };
  return (
    <span>
      <button
        class={profile === undefined ? "main" : ""}
        onClick={() => {
          request.current = crypto.randomUUID();
          dialog.current?.showModal();
        }}
        aria-label={profile === undefined ? undefined : `Run ${profile}`}
      >
        Run…
      </button>
      <dialog ref={dialog} aria-label="Run a session">
        <form
          class="form"
          onSubmit={(event) => {
            event.preventDefault();
            void run(event.currentTarget);
          }}
        >
          <h2>Run a session</h2>
          {profile === undefined ? (
            <label>
              Profile
              <select value={chosen} onChange={(event) => setChosen(event.currentTarget.value)}>
                {profiles.map(({ name }) => (
                  <option>{name}</option>
                ))}
              </select>
            </label>
          ) : (
            <b>{profile}</b>
          )}
          <label>
            Request
            <textarea name="request" rows={5} placeholder="What to do. Empty: the profile's." />
          </label>
          {needsRepository && (
            <label>
              Repository
              <input name="repo" required />
            </label>
          )}
          <label>
            Ref
            <input name="ref" placeholder="Branch, tag or commit. Empty: the profile's." />
          </label>
          <label>
            Work unit
            <input name="work_unit" placeholder="Such as issue-42" />
          </label>
          <label>
            Timeout
            <input
              name="timeout"
              pattern="\d{1,4} ?[mhd]"
              placeholder="Such as 30m or 2h. Empty: the profile's."
            />
          </label>
          <label class="check">
            <input type="checkbox" name="keep" /> Keep its container and clone after its end
          </label>
          <Failure why={failure} />
          <p class="actions">
            <button class="main">Run</button>
            <button type="button" onClick={() => dialog.current?.close()}>
              Leave it
            </button>
          </p>
        </form>
      </dialog>
    </span>
  );
}
