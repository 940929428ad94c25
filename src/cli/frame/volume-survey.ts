/** Which volumes there are, and who uses which: profiles of the configuration, and open sessions. */
import type { StoredVolume, VolumeStore } from "../../volumes/volume-store.ts";
import { configIfAny } from "./config-if-any.ts";
import type { LocalContext } from "./context.ts";

export interface SurveyedVolume {
  /** Such as `site-builder/npm-cache`. */
  readonly id: string;
  /** Undefined: no session has made it yet. */
  readonly stored: StoredVolume | undefined;
  /** The least size that a profile gives it; undefined where none does. */
  readonly limitBytes: number | undefined;
  readonly profiles: readonly string[];
  /** Ids of open sessions that have it, or will have it. */
  readonly openSessions: readonly string[];
}

/** The volumes of the instance. */
export async function volumeStore({ stateDirectory, now }: LocalContext): Promise<VolumeStore> {
  const [{ VolumeStore }, { removeTree }] = await Promise.all([
    import("../../volumes/volume-store.ts"),
    import("../../trees/remove-tree.ts"),
  ]);
  return new VolumeStore(stateDirectory, { removeTree, now });
}

/**
 * Looks at what is stored, at the configuration, and at the index of open sessions, which needs no daemon.
 *
 * @returns by id. @throws AgentdError as `loadConfig` does, except that no configuration is one without profiles.
 */
export async function surveyVolumes(context: LocalContext, store: VolumeStore): Promise<SurveyedVolume[]> {
  const { volumeId } = await import("../../profile/rules/volumes.ts");
  const stored = new Map((await store.list()).map((volume) => [volume.id, volume]));
  const named = ((await configIfAny(context))?.profiles ?? []).flatMap(({ name, volumes }) =>
    volumes.map((volume) => ({ id: volumeId(name, volume), profile: name, sizeBytes: volume.sizeBytes })),
  );
  const open = await volumesOfOpenSessions(context);
  const ids = new Set([...stored.keys(), ...named.map(({ id }) => id)]);
  return [...ids].sort().map((id) => {
    const naming = named.filter((each) => each.id === id);
    const sizes = naming.flatMap(({ sizeBytes }) => (sizeBytes === undefined ? [] : [sizeBytes]));
    return {
      id,
      stored: stored.get(id),
      limitBytes: sizes.length === 0 ? undefined : Math.min(...sizes),
      profiles: naming.map(({ profile }) => profile),
      openSessions: open.filter(({ uses }) => uses?.includes(id) ?? true).map(({ session }) => session),
    };
  });
}

/** Of a session whose plan cannot be read, nobody knows: `uses` is undefined, and it may use any. */
async function volumesOfOpenSessions({
  stateDirectory,
}: LocalContext): Promise<{ readonly session: string; readonly uses: readonly string[] | undefined }[]> {
  const [{ OpenIndex }, { volumesOfPlan }] = await Promise.all([
    import("../../audit/open/open-index.ts"),
    import("../../volumes/volume-users.ts"),
  ]);
  const { entries, damaged, newer } = await new OpenIndex(stateDirectory).list();
  return [
    ...entries.map(({ id, plan }) => ({ session: id, uses: volumesOfPlan(plan) })),
    ...[...damaged, ...newer].map((session) => ({ session, uses: undefined })),
  ];
}
