/** What a node needs on which another host places sessions: a way to that host, a disk that keeps, and the image. */
import { readdir, readFile, statfs } from "node:fs/promises";
import { dirname, join } from "node:path";
import { connect } from "node:tls";
import { sentence } from "../../errors.ts";
import { failure, type Finding, ok, warning } from "../../finding.ts";
import { ifThere, isReachable } from "../../if-there.ts";
import type { Check } from "./check.ts";
import type { Ground } from "./ground.ts";

export interface NodeLook {
  /** Host and port of the head's channel. */
  readonly head: string;
  /** Directory for sessions. */
  readonly directory: string;
  readonly images: readonly string[];
}

/** In which systemd and distributions say what is removed of temporary directories; later ones replace files of that name. */
const RULES = ["/usr/lib/tmpfiles.d", "/run/tmpfiles.d", "/etc/tmpfiles.d"];
const REACH_MS = 10_000;

/** File systems that nodes share, by their numbers. */
const SHARED: ReadonlyMap<number, string> = new Map([
  [0x6969, "NFS"],
  [0xff534d42, "CIFS"],
  [0x0bd00bd0, "Lustre"],
  [0x47504653, "GPFS"],
  [0x19830326, "BeeGFS"],
  [0x00c36400, "Ceph"],
]);

export function nodeChecks(ground: Ground, { head, directory, images }: NodeLook): Check[] {
  return [
    { name: "head", group: "daemon", look: (signal) => headFinding(head, signal) },
    { name: "node_directory", group: "storage", look: () => directoryFinding(directory, ground) },
    { name: "temporary_files", group: "storage", look: () => sweptFinding(directory) },
    ...images.map((image): Check => ({
      name: "image",
      group: "podman",
      look: () => imageFinding(image, ground),
    })),
  ];
}

async function headFinding(head: string, signal: AbortSignal): Promise<Finding> {
  const fix =
    "Check [placement] listen and address of the head, its firewall, and whether its daemon has begun a session there";
  if (!URL.canParse(`https://${head}`)) return failure(`${head} is no host with a port`, fix);
  const { hostname, port } = new URL(`https://${head}`);
  const limit = AbortSignal.any([signal, AbortSignal.timeout(REACH_MS)]);
  const host = hostname.replace(/^\[|\]$/g, "");
  const socket = connect({ host, port: Number(port || 443), rejectUnauthorized: false, servername: "" });
  try {
    return await new Promise<Finding>((resolve, reject) => {
      limit.addEventListener("abort", () => reject(new Error("no answer in time")), { once: true });
      socket.once("error", reject);
      socket.once("secureConnect", () => {
        const { fingerprint256 } = socket.getPeerCertificate();
        resolve(
          ok(`${head} answers, with the certificate ${fingerprint256.replaceAll(":", "").toLowerCase()}`),
        );
      });
    });
  } catch (error) {
    return failure(`${head} cannot be reached: ${sentence(error)}`, fix);
  } finally {
    socket.destroy();
  }
}

async function directoryFinding(directory: string, { unreachable }: Ground): Promise<Finding> {
  const there = await nearest(directory);
  const gone = await unreachable(there);
  if (gone !== undefined) return gone;
  const fix = "set [placement] node_directory on the head to a directory on a disk of each node's own";
  const shared = SHARED.get((await statfs(there)).type);
  if (shared !== undefined) return failure(`${directory} is on ${shared}, which nodes share`, fix);
  if (!(await isReachable(there, 2))) return failure(`${there} is not writable for this user`, fix);
  return ok(`${directory}, on a disk of this node`);
}

async function nearest(directory: string): Promise<string> {
  if (directory === "/" || (await isReachable(directory))) return directory;
  return await nearest(dirname(directory));
}

/** Whether something removes old files there: a session that lasts longer would lose its state. */
async function sweptFinding(directory: string): Promise<Finding> {
  const files = new Map<string, string>();
  for (const place of RULES) {
    for (const name of (await ifThere(readdir(place))) ?? []) files.set(name, join(place, name));
  }
  for (const path of files.values()) {
    const text = (await ifThere(readFile(path, "utf8"))) ?? "";
    for (const line of text.split("\n")) {
      const [kind = "", swept = "", , , , age = "-"] = line.trim().split(/\s+/);
      const isSwept = /^[dDvqQe]/.test(kind) && age !== "-" && age !== "" && isWithin(directory, swept);
      if (isSwept)
        return warning(
          `${path} has systemd remove what nobody has used for ${age} below ${swept}: a session that lasts longer would lose its state`,
          "set [placement] node_directory on the head to another directory",
        );
    }
  }
  return ok("nothing that systemd knows removes old files there");
}

function isWithin(directory: string, above: string): boolean {
  return (
    above.startsWith("/") && (directory === above || directory.startsWith(`${above.replace(/\/$/, "")}/`))
  );
}

async function imageFinding(image: string, { run }: Ground): Promise<Finding> {
  const found = await run("podman", ["image", "exists", image]);
  if (found.kind === "ended" && found.exitCode === 0) return ok(`${image} is on this node`);
  return warning(`${image} is not on this node, so each first session pulls it`, `podman pull ${image}`);
}
