import { SHOWN_STATES, type ShownState } from "../../session-document.ts";

/** What a status line is made from; the intake provides it. */
interface Work {
  /** Whether no new sessions are accepted. */
  readonly closed: boolean;
  readonly openSessions: readonly { view(): { readonly state: ShownState } }[];
}

/** What a daemon does, in one line for `systemctl status`: `ready: 2 running, 1 queued`, or `ending: no sessions`. */
export function statusLine({ closed, openSessions }: Work): string {
  const states = openSessions.map((session) => session.view().state);
  const count = (state: ShownState): number => states.filter((each) => each === state).length;
  // The furthest ones first: what runs counts most.
  const parts = [...SHOWN_STATES].reverse().flatMap((state) => {
    const sessions = count(state);
    return sessions === 0 ? [] : [`${sessions} ${state}`];
  });
  return `${closed ? "ending" : "ready"}: ${parts.join(", ") || "no sessions"}`;
}
