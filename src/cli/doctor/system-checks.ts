/** The host: kernel, Node.js, git, the clock, SELinux, the network device. */
import { constants, open, readFile } from "node:fs/promises";
import { release } from "node:os";
import { systemCode } from "../../errors.ts";
import { failure, type Finding, ok, warning } from "../../finding.ts";
import type { Check } from "./check.ts";
import type { Ground } from "./ground.ts";
import { hostServicesFinding } from "./host-services.ts";
import { inotifyFinding } from "./shared-limits.ts";

export interface SystemNeeds {
  /** Of the Node.js that runs this: `v20.19.0`. */
  readonly nodeVersion: string;
  /** Whether some session gets a network of its own. */
  readonly needsNetwork: boolean;
  /** When the newest session was accepted, in milliseconds since 1970; undefined without any. */
  readonly newestSession: () => Promise<number | undefined>;
}

export function systemChecks(ground: Ground, needs: SystemNeeds): Check[] {
  const check = (name: string, look: Check["look"]): Check => ({ name, group: "host", look });
  return [
    check("linux", async () => ok(`Linux ${release()}`)),
    check("node", async () => nodeFinding(needs.nodeVersion)),
    check("git", () => gitFinding(ground)),
    check("prlimit", () => prlimitFinding(ground)),
    check("clock", async () => clockFinding(ground, await needs.newestSession())),
    check("selinux", async () => selinuxFinding(await selinuxMode())),
    check("tun_device", () => tunFinding(needs.needsNetwork)),
    check("host_services", () => hostServicesFinding(needs.needsNetwork)),
    check("inotify", () => inotifyFinding()),
  ];
}

const OLDEST_NODE = [20, 19] as const;
const OLDEST_GIT = [2, 32] as const;

export function nodeFinding(version: string): Finding {
  if (isAtLeast(version, OLDEST_NODE)) return ok(`Node.js ${version.replace("v", "")}`);
  return failure(
    `Node.js is ${version.replace("v", "")}, and agentd needs ${OLDEST_NODE.join(".")} or newer`,
    "install a newer Node.js: https://nodejs.org/en/download",
  );
}

/** Whether the first two numbers of a text make a version that is not older. */
function isAtLeast(text: string, [major, minor]: readonly [number, number]): boolean {
  const [, foundMajor = 0, foundMinor = 0] = (/(\d+)\.(\d+)/.exec(text) ?? []).map(Number);
  return foundMajor > major || (foundMajor === major && foundMinor >= minor);
}

async function gitFinding({ run, install }: Ground): Promise<Finding> {
  const found = await run("git", ["--version"]);
  if (found.kind === "missing")
    return failure("git is not in PATH; every session needs it to clone", install("git"));
  if (found.kind === "hung") return failure("git --version hangs", "git --version");
  const version = found.stdout.replace("git version ", "").trim();
  if (isAtLeast(version, OLDEST_GIT)) return ok(`git ${version}`);
  return warning(
    `git ${version} is older than ${OLDEST_GIT.join(".")}, the first version that can ignore system and user settings`,
    install("git"),
  );
}

async function prlimitFinding({ run, install }: Ground): Promise<Finding> {
  const found = await run("prlimit", ["--version"]);
  if (found.kind === "missing")
    return failure(
      "prlimit is not in PATH; without it no session's work is exported, and no gateway starts",
      install("util-linux"),
    );
  if (found.kind === "hung") return failure("prlimit --version hangs", "prlimit --version");
  return ok(found.stdout.trim());
}

/** agentd did not exist before this time; a clock that shows an earlier time was never set. */
const FIRST_USE_MS = Date.UTC(2026, 0, 1);
/** A difference this small between clocks of one host is normal. */
const TOLERANCE_MS = 60_000;

const SET_CLOCK = "sudo timedatectl set-ntp true";

async function clockFinding({ now, run }: Ground, newestMs: number | undefined): Promise<Finding> {
  const nowMs = now();
  const time = new Date(nowMs).toISOString().replace(/\.\d+Z$/, "Z");
  if (nowMs < FIRST_USE_MS) return warning(`the clock shows ${time}, which is past`, SET_CLOCK);
  if (newestMs !== undefined && newestMs > nowMs + TOLERANCE_MS) {
    const newest = new Date(newestMs).toISOString();
    return warning(`the clock shows ${time}, but the newest record is from ${newest}`, SET_CLOCK);
  }
  const asked = await run("timedatectl", ["show", "--property=NTPSynchronized", "--value"]);
  const answer = asked.kind === "ended" && asked.exitCode === 0 ? asked.stdout.trim() : "unknown";
  if (answer === "no") return warning(`the clock shows ${time} and is not synchronized`, SET_CLOCK);
  return ok(`${time}, ${answer === "yes" ? "synchronized" : "synchronization unknown"}`);
}

export type SelinuxMode = "enforcing" | "permissive" | "off";

/** @param file what the kernel tells about it. */
export async function selinuxMode(file = "/sys/fs/selinux/enforce"): Promise<SelinuxMode> {
  const text = await readFile(file, "latin1").catch(() => undefined);
  if (text === undefined) return "off";
  return text.trim() === "1" ? "enforcing" : "permissive";
}

function selinuxFinding(mode: SelinuxMode): Finding {
  return ok(mode === "off" ? "this kernel runs without SELinux" : `SELinux is ${mode}`);
}

/** @param device the way of pasta and slirp4netns to a network. */
export async function tunFinding(needsNetwork: boolean, device = "/dev/net/tun"): Promise<Finding> {
  try {
    const opened = await open(device, constants.O_RDWR | constants.O_NONBLOCK);
    await opened.close();
    return ok(`${device} can be opened`);
  } catch (error) {
    const isMissing = ["ENOENT", "ENODEV", "ENXIO"].includes(systemCode(error) ?? "");
    const summary = isMissing
      ? `there is no ${device}`
      : `${device} cannot be opened (${systemCode(error) ?? String(error)})`;
    if (!needsNetwork) return ok(`${summary}, and no profile needs it`);
    return failure(
      `${summary}, which sessions with network = "private" need`,
      isMissing
        ? "sudo modprobe tun && echo tun | sudo tee /etc/modules-load.d/tun.conf"
        : `sudo chmod 0666 ${device}`,
    );
  }
}
