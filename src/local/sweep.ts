/** Finding and removing what earlier daemons have left on this host. */
import { setTimeout as delay } from "node:timers/promises";
import { inParallel } from "../in-parallel.ts";
import type { ListedContainer } from "../podman/containers/containers.ts";
import type { Examined, Found, Sweeping } from "../sessions/port/executor.ts";
import { commandEnd } from "./command-end.ts";
import { SESSION_LABEL, sessionOfName, WARM_LABEL } from "./container-request.ts";
import type { LocalParts } from "./parts.ts";

type Labelled = Pick<ListedContainer, "labels"> & { readonly name: string };

/** Enough to keep the disk and the engine busy, and few enough not to overload the engine. */
const PARALLEL = 8;

/** How long a daemon's start waits for the removal of what is left on the host. */
const LEFTOVERS_PATIENCE_MS = 10_000;

const PHASES = { created: "made", running: "running", exited: "ended" } as const;

/** The containers of this instance that belong to a session. */
export async function listFound({ engine, instance }: LocalParts): Promise<Found[]> {
  const containers = await engine.listContainers();
  return containers.flatMap(({ id, phase, ...labelled }) => {
    const sessionId = sessionOf(instance, labelled);
    return sessionId === "" ? [] : [{ sessionId, ref: id, phase: PHASES[phase] }];
  });
}

export async function examine({ engine, leftovers }: LocalParts, found: Found): Promise<Examined> {
  const exit = found.phase === "ended" ? (await engine.inspectContainer(found.ref))?.exit : undefined;
  return {
    ...found,
    end: exit && commandEnd(exit),
    hadCredentials: !(await leftovers.hasGate(found.sessionId)),
  };
}

/** Removes what belongs to no session; the next start tries again what cannot be removed now. */
export async function sweep(parts: LocalParts, { owners, again }: Sweeping): Promise<void> {
  const { instance, engine, leftovers, network, log } = parts;
  const isStranger = (labelled: Labelled): boolean => !owners.has(sessionOf(instance, labelled));
  const containers = (await engine.listContainers()).filter(isStranger);
  await inParallel(containers, PARALLEL, ({ id, ...labelled }) =>
    removal(parts, { container: labelled.name, session: sessionOf(instance, labelled) }, () =>
      engine.removeContainer(id),
    ),
  );
  const volumes = (await engine.listVolumes()).filter(isStranger);
  await inParallel(volumes, PARALLEL, (volume) =>
    removal(parts, { volume: volume.name, session: sessionOf(instance, volume) }, () =>
      engine.removeVolume(volume.name),
    ),
  );
  const directories = (await leftovers.list()).filter((id) => !owners.has(id));
  if (directories.length > 0) await leftovers.endWork(directories);
  const removed = inParallel(directories, PARALLEL, (session) =>
    removal(parts, { directories: session }, () => leftovers.remove(session)),
  );
  await network.closeOthers(owners).catch((error: unknown) => log.error({ error }, "cannot close networks"));
  // A large removal continues in the background: the start does not wait for it.
  await Promise.race([removed, delay(LEFTOVERS_PATIENCE_MS, undefined, { ref: false })]);
  await leftovers.removeExecGates();
  await leftovers.removeStaleLocks();
  await endWork(parts, again);
}

async function removal({ log }: LocalParts, what: object, remove: () => Promise<void>): Promise<void> {
  const why = "no started session owns it";
  try {
    await remove();
    log.warn({ ...what, why }, "removed a leftover");
  } catch (error) {
    log.error({ ...what, why, error }, "cannot remove a leftover");
  }
}

/** Ends work in what sessions had made, before it is removed. */
async function endWork({ engine, leftovers }: LocalParts, again: Sweeping["again"]): Promise<void> {
  if (again.length === 0) return;
  await leftovers.endWork(again.map(({ sessionId }) => sessionId));
  // The engine forgets a process that waits to be started when its container is removed, so a start that was cut short
  // is finished first. Failing clears it away too.
  const cutShort = again.flatMap(({ ref }) => (ref === undefined ? [] : [ref]));
  await inParallel(cutShort, PARALLEL, (id) => engine.startContainer(id).catch(() => undefined));
}

/**
 * Empty where it belongs to no session. One that was made before its session has got its name when that took it, and another one's
 * label; whether the session runs in it, its journal says.
 */
function sessionOf(instance: string, { name, labels }: Labelled): string {
  const taken = labels[WARM_LABEL] === undefined ? undefined : sessionOfName(instance, name);
  return labels[SESSION_LABEL] ?? taken ?? "";
}
