/** What an operator gives to one session. */

/** A file for the record: its bytes, or where they lie on this host. */
export interface GivenFile {
  /** As checked by the rules: no path. */
  readonly name: string;
  readonly bytes: number;
  readonly content: Buffer | { readonly path: string };
}

export interface Given {
  /** The prompt; undefined: the profile's. */
  readonly request: GivenFile | undefined;
  readonly inputs: readonly GivenFile[];
  readonly artifact: { readonly type: string; readonly file: GivenFile } | undefined;
}

export const NOTHING_GIVEN: Given = { request: undefined, inputs: [], artifact: undefined };
