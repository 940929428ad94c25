/** Colours, for a session's state only. */
import { styleText } from "node:util";
import { isFailure } from "../../outcome.ts";
import type { SessionView } from "../../session-document.ts";

export type Colour = "green" | "red" | "yellow" | "cyan";

/** The same text in a colour; as it is without one. */
export function coloured(text: string, colour: Colour | undefined): string {
  // Whether there are colours is decided by the output.
  return colour === undefined ? text : styleText(colour, text, { validateStream: false });
}

/** The colour of how a session stands; undefined for what needs no attention. */
export function colourOf(session: Pick<SessionView, "state" | "outcome">): Colour | undefined {
  const { state, outcome } = session;
  if (state === "running") return "cyan";
  if (state === "paused") return "yellow";
  if (state !== "sealed") return undefined;
  if (outcome === "success") return "green";
  return isFailure(session) ? "red" : "yellow";
}
