/** What the local executor needs of the paths that a profile names on this host, and what of them goes into a home. */
import type { Mount, Profile } from "../profile/profile.ts";
import type { GitSource } from "../profile/rules/home-sources.ts";

/** A file to write, by its path from the home. */
export interface HomeFile {
  readonly path: string;
  readonly content: Buffer;
  /** Default: no. */
  readonly isExecutable?: boolean;
}

/** What one entry of the profile's `files` brings. */
export interface HomeEntry {
  readonly files: readonly HomeFile[];
  /** Their digest, in hexadecimal. */
  readonly sha256: string;
}

export interface HomeContent {
  /** Written in any case. */
  readonly files: readonly HomeFile[];
  /** The first of these that is free is written, after the files; none where that cannot be. */
  readonly fallback: readonly HomeFile[];
}

/** Checks the paths of the host that a profile names, at each launch: they may have changed since the configuration. */
export interface HostPaths {
  /** The directory with all links resolved, and the digest of its contents. Throws `methodology_invalid`. */
  methodology(directory: string): Promise<{ readonly directory: string; readonly digest: string }>;
  /**
   * Puts the request of a session into its `.runa`, where the methodology at that resolved place declares requests.
   *
   * @param job whose `runaDirectory` a container may have already: no link in it is followed.
   * @returns warnings for the operator.
   */
  placeRequest(
    methodology: string,
    job: { readonly runaDirectory: string; readonly requestFile: string },
  ): Promise<readonly string[]>;
  /** What an entry of the profile's puts into the home. Throws `file_invalid`. */
  homeEntry(file: Profile["files"][number]): Promise<HomeEntry>;
  /** The same for one from a repository, whose files `directory` has. Throws `file_invalid`. */
  fetchedEntry(target: string, tree: GitSource & { readonly directory: string }): Promise<HomeEntry>;
  /** The directory to copy with all links resolved. Throws `directory_invalid`. */
  directorySource(directory: string): Promise<string>;
  /** The mount's source with all links resolved. Throws `mount_invalid`. */
  mountSource(mount: Mount): Promise<string>;
}
