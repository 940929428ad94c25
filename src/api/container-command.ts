/** What `exec` and `enter` have in common: a command that the client is about to start in a container. */
import * as z from "zod";
import { text } from "./params.ts";

/** The most words that such a command may have. */
const MAX_WORDS = 1000;

/** The longest of them. */
const MAX_WORD_LENGTH = 100_000;

/** Program and arguments. */
export const command = z.array(text(MAX_WORD_LENGTH)).min(1).max(MAX_WORDS);

/** Where the client starts it, and what. */
export const containerCommandSchema = z.strictObject({
  session_id: z.string(),
  /** The container's id. */
  container: z.string(),
  /** What to start there: the command, or what waits for the credentials and becomes the command. */
  argv: z.array(z.string()),
  /** The socket of the Podman service that has the container; null: it is in this user's own storage. */
  podman_socket: z.string().nullable(),
  /** The variables by which `podman` finds that storage; those that are missing are not to be set. */
  podman_environment: z.record(z.string(), z.string()),
});

export type ContainerCommand = z.output<typeof containerCommandSchema>;
