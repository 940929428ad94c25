/** Who uses which image: profiles, agents, open sessions, and those whose records remain. */
import { AgentdError } from "../../errors.ts";
import type { HostImage } from "../../images/host-images.ts";
import type { HostPrograms } from "../../images/host-programs.ts";
import type { ImageUse } from "../../images/prune-plan.ts";
import { configIfAny } from "./config-if-any.ts";
import { type LocalContext, withClient } from "./context.ts";

/** How many of the newest records are read for the last uses of images. */
const MAX_RECORDS = 2000;

export interface ImageSurvey {
  /** Names of profiles by the image that they name. */
  readonly profiles: ReadonlyMap<string, readonly string[]>;
  /** Ids of open sessions by the image that they run or will run in. */
  readonly openSessions: ReadonlyMap<string, readonly string[]>;
  /** Of the newest sessions. */
  readonly uses: readonly ImageUse[];
  readonly images: readonly HostImage[];
  /** The id of the image that each of these names means here; a name without an image is missing. */
  readonly ids: ReadonlyMap<string, string>;
}

/**
 * Looks at profiles as the configuration and a running daemon have them.
 *
 * @param also more images to look up.
 * @throws AgentdError as `loadConfig` does, except that no configuration is one without profiles.
 */
export async function surveyImages(
  context: LocalContext,
  programs: HostPrograms,
  also: readonly string[] = [],
): Promise<ImageSurvey> {
  const { hostImages, idOfImage } = await import("../../images/host-images.ts");
  const profiles = new Map<string, string[]>();
  const openSessions = new Map<string, string[]>();
  const config = await configIfAny(context);
  for (const { name, baseImage } of config?.profiles ?? []) add(profiles, baseImage, name);
  const daemon = await askDaemon(context);
  for (const { name, image } of daemon.profiles) add(profiles, image, name);
  const records = await newestRecords(context);
  for (const { image, id } of [...daemon.open, ...records.open]) add(openSessions, image, id);
  const names = new Set([...profiles.keys(), ...openSessions.keys(), ...also]);
  const ids = new Map<string, string>();
  for (const name of names) {
    const id = await idOfImage(name, programs);
    if (id !== undefined) ids.set(name, id);
  }
  return { profiles, openSessions, uses: records.uses, images: await hostImages(programs), ids };
}

interface OpenSession {
  readonly id: string;
  readonly image: string;
}

/** Its profiles may be older than the file. */
async function askDaemon(context: LocalContext): Promise<{
  readonly profiles: readonly { readonly name: string; readonly image: string }[];
  readonly open: readonly OpenSession[];
}> {
  try {
    return await withClient(context, async (client) => {
      const [profiles, { sessions }] = await Promise.all([
        client.call("profiles", {}),
        client.call("list", { all: false, limit: 1000 }),
      ]);
      return { profiles, open: sessions.map(({ session_id: id, image }) => ({ id, image })) };
    });
  } catch (error) {
    if (error instanceof AgentdError && error.code === "daemon_not_running")
      return { profiles: [], open: [] };
    throw error;
  }
}

async function newestRecords(context: LocalContext): Promise<{
  readonly uses: readonly ImageUse[];
  readonly open: readonly OpenSession[];
}> {
  const [{ selectRecords }, { LISTED_DOCUMENT_BYTES }, { readView }] = await Promise.all([
    import("../../audit/read/select-records.ts"),
    import("../../audit/read/query.ts"),
    import("../../audit/read/record-view.ts"),
  ]);
  const selection = await selectRecords(await context.auditRoot());
  const uses: ImageUse[] = [];
  const open: OpenSession[] = [];
  let read = 0;
  for (const { directory } of selection.newestFirst()) {
    if (++read > MAX_RECORDS) break;
    try {
      const view = await readView(directory, "not sealed", LISTED_DOCUMENT_BYTES);
      const { session_id: id, image, image_digest: digest, queued_timestamp: timestamp, outcome } = view;
      uses.push({ reference: image, digest, timestamp });
      if (outcome === null) open.push({ id, image });
    } catch (error) {
      // It says nothing about images; `agentd audit verify` is about such records.
      if (!(error instanceof AgentdError)) throw error;
    }
  }
  return { uses, open };
}

function add(map: Map<string, string[]>, image: string, user: string): void {
  const users = map.get(image);
  if (users === undefined) map.set(image, [user]);
  else if (!users.includes(user)) users.push(user);
}
