/** What sessions with an allowlist need besides: that a process of this user may enter their network. */
import { runBounded } from "../../bounded-command.ts";
import { failure, type Finding, ok, warning } from "../../finding.ts";
import { isReachable } from "../../if-there.ts";
import { networkWarnings } from "../words/network-warnings.ts";
import type { Check } from "./check.ts";
import type { Ground } from "./ground.ts";

/** Podman may have to make its user namespace first. */
const LIMIT_MS = 20_000;

/** What the gateway does for a session: it enters a network that belongs to Podman's user namespace. */
const ENTER = ["unshare", "unshare", "--net", "nsenter", "--net=/proc/self/ns/net", "true"];

/** Podman puts it into every container. */
const IN_A_CONTAINER = "/run/.containerenv";

export interface GatewayNeeds {
  /** Whether some profile has an allowlist; without one there is nothing to check. */
  readonly needsGateway: boolean;
  /** Of a Podman service that agentd does not run. */
  readonly podmanSocket: string | undefined;
}

/** @param mark exists in a container. */
export function gatewayChecks(
  ground: Ground,
  { needsGateway, podmanSocket }: GatewayNeeds,
  mark = IN_A_CONTAINER,
): Check[] {
  if (!needsGateway) return [];
  const check = (name: string, look: Check["look"]): Check => ({ name, group: "podman", look });
  return [
    check("nsenter", () => nsenterFinding(ground)),
    check("session_networks", async () =>
      podmanSocket !== undefined && (await isReachable(mark)) ? outsideFinding() : await enterFinding(ground),
    ),
  ];
}

async function nsenterFinding({ run, install }: Ground): Promise<Finding> {
  const found = await run("nsenter", ["--version"]);
  if (found.kind === "missing") {
    const why = 'nsenter is not in PATH; sessions with network = "allowlist" need it';
    return failure(why, install("util-linux"));
  }
  if (found.kind === "hung") return failure("nsenter --version hangs", "nsenter --version");
  return ok(found.stdout.trim());
}

function outsideFinding(): Finding {
  return failure(
    "agentd runs in a container beside Podman, and cannot enter the networks that Podman makes outside of it",
    'run agentd on the host, or set network = "private" or "none"',
  );
}

/** No finding where Podman or nsenter is missing, which another finding reports. */
async function enterFinding({ host: { env }, run }: Ground): Promise<Finding | undefined> {
  if ((await run("nsenter", ["--version"])).kind !== "ended") return undefined;
  const { serviceEnvironment } = await import("../../podman/service/service-environment.ts");
  const environment = serviceEnvironment(env);
  const entered = await runBounded("podman", ENTER, { environment, limitMs: LIMIT_MS });
  if (entered.kind === "missing") return undefined;
  if (entered.kind === "ended" && entered.exitCode === 0)
    return ok("networks can be made and entered in Podman's user namespace");
  const [why = "no reason was given"] =
    entered.kind === "hung" ? ["there was no answer"] : entered.stderr.trim().split("\n").slice(-1);
  return failure(
    `a network in Podman's user namespace cannot be entered: ${why}`,
    "sudo sysctl user.max_user_namespaces=65536 user.max_net_namespaces=65536   # or ask who confines this user, as by seccomp",
  );
}

/** Findings on the allowlist of a profile that has one. */
export async function allowFinding(
  profile: Parameters<typeof networkWarnings>[0],
  configFile: string,
): Promise<Finding[]> {
  const warnings = await networkWarnings(profile);
  if (warnings.length > 0) return warnings.map((text) => warning(text, `edit ${configFile}`));
  const count = profile.allow?.length ?? 0;
  if (count === 0) return [ok("allow is empty: sessions reach nothing")];
  return [ok(`allow has ${count} ${count === 1 ? "entry" : "entries"}`)];
}
