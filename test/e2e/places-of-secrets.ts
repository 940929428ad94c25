import { spawn } from "node:child_process";
import { lstat, readdir, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { ifThere } from "../../src/if-there.ts";
import { sandboxPath } from "../kit/agentd.mjs";
import { containersOf, inspectContainer } from "../kit/podman.mjs";
import { allProcesses, FORMS, formsIn, searchFiles, traces, writings } from "../kit/secrets.mjs";
import type { World } from "../kit/world.ts";

/** Where somebody who looks for a secret can look. */
export const PLACES = [
  "podman inspect",
  "the engine's storage",
  "the engine's run directory",
  "command lines",
  "environments",
  "the record",
  "the staging directory",
  "the cache",
  "the runtime directory",
  "other files",
] as const;

/** Of what Podman tells about a container. */
interface Inspected {
  readonly State: { readonly Pid: number };
}

/** A moment at which all of this host is looked at that a world's one session could have told a secret. */
export class Search {
  readonly #world: World;
  readonly #sinceMs: number;

  /** @param sinceMs from before the secret was given to anybody, in milliseconds of the epoch. */
  constructor(world: World, sinceMs: number) {
    this.#world = world;
    this.#sinceMs = sinceMs;
  }

  /**
   * Every place in which a secret is, with the form in which it is written there, sorted: `the record: base64`. The
   * environments of the daemon and of the session's own processes do not count.
   */
  async find(secret: string): Promise<string[]> {
    const found = [
      ...(await this.#inInspect(secret)),
      ...(await this.#inFiles(secret)),
      ...(await this.#inProcesses(secret)),
      ...(await this.#inLog(secret)),
    ];
    return [...new Set(found)].sort();
  }

  /** The processes of the session that have a secret in their environment. */
  async holders(secret: string): Promise<number> {
    const namespace = await this.#sessionNamespace();
    const holders = (await allProcesses()).filter(
      ({ userNamespace, environment = "" }) => userNamespace === namespace && environment.includes(secret),
    );
    return holders.length;
  }

  /** Puts a text into every place but the container, in every form; returns what takes it away again. */
  async plant(text: string): Promise<() => Promise<void>> {
    const forms = Object.values(writings(text));
    const files = (await this.#directories()).map(({ path }) => join(path, "planted"));
    for (const file of files) await writeFile(file, forms.join("\n"));
    const variables = Object.fromEntries(forms.map((form, index) => [`PLANTED_${index}`, form]));
    const processes = [
      spawn("/bin/sh", ["-c", "sleep 1000; :", ...forms], { stdio: "ignore", detached: true }),
      spawn("sleep", ["1000"], { stdio: "ignore", detached: true, env: { ...process.env, ...variables } }),
    ];
    return async () => {
      for (const { pid } of processes) if (pid !== undefined) process.kill(-pid, "SIGKILL");
      for (const file of files) await rm(file);
    };
  }

  async #inInspect(secret: string): Promise<string[]> {
    return named("podman inspect", formsIn(JSON.stringify(await this.#containers()), secret));
  }

  async #inFiles(secret: string): Promise<string[]> {
    const { sandbox } = await this.#world.daemon();
    const texts = traces(secret);
    const findings = await searchFiles(sandbox.containers, {
      directories: [
        ...(await temporaryPlaces(sandbox.directory, this.#sinceMs)),
        sandbox.containers.runtimeDirectory,
        sandbox.containers.cacheDirectory,
      ],
      texts: texts.map(({ text }) => text),
      sinceMs: this.#sinceMs,
    });
    const directories = await this.#directories();
    return findings.map(({ path, text }) => {
      const place = directories.find((directory) => path.startsWith(`${directory.path}/`))?.place;
      return `${place ?? path}: ${texts.find((each) => each.text === text)?.form ?? ""}`;
    });
  }

  async #inProcesses(secret: string): Promise<string[]> {
    const { daemon } = await this.#world.daemon();
    const namespace = await this.#sessionNamespace();
    const processes = await allProcesses();
    const mayKnow = ({ pid, userNamespace }: (typeof processes)[number]) =>
      pid === daemon.pid || (namespace !== undefined && userNamespace === namespace);
    return processes.flatMap((each) => [
      ...named("command lines", formsIn(each.commandLine, secret)),
      ...(mayKnow(each) ? [] : named("environments", formsIn(each.environment ?? "", secret))),
    ]);
  }

  async #inLog(secret: string): Promise<string[]> {
    return named("the log", formsIn((await this.#world.daemon()).daemon.log, secret));
  }

  /** The more special ones first. */
  async #directories(): Promise<{ readonly place: (typeof PLACES)[number]; readonly path: string }[]> {
    const { sandbox, instance } = await this.#world.daemon();
    const { path: record, id } = await this.#world.record();
    const staging = join(sandbox.cacheDirectory, "staging", id);
    const inStaging = (await this.#containers()).length > 0;
    return [
      { place: "the record", path: record },
      ...(inStaging ? [{ place: "the staging directory", path: staging } as const] : []),
      { place: "the cache", path: sandbox.cacheDirectory },
      { place: "the runtime directory", path: sandbox.runtimeDirectory(instance) },
      { place: "the engine's storage", path: sandbox.containers.cacheDirectory },
      { place: "the engine's run directory", path: sandbox.containers.runtimeDirectory },
      { place: "other files", path: sandbox.directory },
    ];
  }

  async #containers(): Promise<Inspected[]> {
    const { sandbox, instance } = await this.#world.daemon();
    const containers = await containersOf(sandbox.containers, instance);
    const inspecting = containers.map(({ Id }) => inspectContainer(sandbox.containers, Id));
    return (await Promise.all(inspecting)) as Inspected[];
  }

  async #sessionNamespace(): Promise<string | undefined> {
    const [container] = await this.#containers();
    if (container === undefined) return undefined;
    return (await allProcesses()).find(({ pid }) => pid === container.State.Pid)?.userNamespace;
  }
}

/**
 * Everything in the directory for temporary files but what other tests have there, which may be huge: their sandboxes, and
 * what was made before.
 */
async function temporaryPlaces(ownSandbox: string, sinceMs: number): Promise<string[]> {
  const paths = (await readdir(tmpdir())).map((name) => join(tmpdir(), name));
  const isSearched = async (path: string): Promise<boolean> => {
    if (path === ownSandbox) return true;
    // Undefined: it is gone meanwhile. Zero: this file system does not know when it was made.
    const bornMs = (await ifThere(lstat(path)))?.birthtimeMs;
    if (bornMs === undefined || path.startsWith(sandboxPath())) return false;
    return bornMs === 0 || bornMs >= sinceMs;
  };
  const searched = await Promise.all(paths.map(isSearched));
  return paths.filter((_, index) => searched[index]);
}

function named(place: string, forms: readonly string[]): string[] {
  return forms.map((form) => `${place}: ${form}`);
}

/** What a search finds that finds a text in all of its forms everywhere. */
export function everywhere(places: readonly string[]): string[] {
  return places.flatMap((place) => FORMS.map((form) => `${place}: ${form}`)).sort();
}
