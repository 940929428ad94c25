/** Whom agentd tells of what, as the configuration says. */

/** What can be told, as `on` names it. */
export const NOTICE_KINDS = ["failure", "recovery", "stalled", "budget", "skipped", "daemon"] as const;

export type NoticeKind = (typeof NOTICE_KINDS)[number];

/** How an address wants to be told, as `format` names it. */
export const NOTICE_FORMATS = ["standard", "slack", "ntfy", "ping"] as const;

export type NoticeFormat = (typeof NOTICE_FORMATS)[number];

/** One `[[notify]]`. */
export interface NotifyTarget {
  readonly name: string;
  readonly on: readonly NoticeKind[];
  /** Globs of profiles; undefined: all, and for a ping the daemon itself. */
  readonly profiles: readonly string[] | undefined;
  /** How many sessions of a profile have to fail in a row before it is told. */
  readonly after: number;
  /** How long after a message it is told again that a profile goes on failing; undefined: never. */
  readonly remindMs: number | undefined;
  readonly via: NotifyVia;
}

/** How it is told. */
export type NotifyVia =
  /** A program of this host, with the message as JSON on its standard input. */
  | { readonly kind: "command"; readonly command: readonly string[] }
  | {
      readonly kind: "url";
      /** Variable with the address, which is a secret. */
      readonly urlSource: string;
      readonly format: NoticeFormat;
      /** Variable with the key for signatures, with the format `standard`; undefined: nothing is signed. */
      readonly secretSource: string | undefined;
    };

/** Whether a target is a dead man's switch, which hears of everything that goes well and is told nothing. */
export function isPing({ via }: NotifyTarget): boolean {
  return via.kind === "url" && via.format === "ping";
}
