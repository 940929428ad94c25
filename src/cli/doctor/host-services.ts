/** Services of this host that a session with its own network can reach: all that listen on more than loopback. */
import { type Finding, ok, warning } from "../../finding.ts";
import { readIfThere } from "../../if-there.ts";

const LISTENING = "0A";
/** `127.x.x.x`, `::1`, and `127.x.x.x` as IPv6, as the kernel writes addresses: in words of the host's byte order. */
const LOOPBACK = /^(?:[0-9A-F]{6}7F|0{24}01000000|0{16}FFFF0000[0-9A-F]{6}7F)$/;

/**
 * The TCP ports that a table of the kernel (`/proc/net/tcp`, `/proc/net/tcp6`) shows as open to more than loopback, each
 * once and in ascending order.
 */
export function openPorts(table: string): number[] {
  const ports = table.split("\n").flatMap((line) => {
    const [, local = "", , state] = line.trim().split(/\s+/);
    const [address = "", port = ""] = local.split(":");
    return state === LISTENING && !LOOPBACK.test(address) ? [Number.parseInt(port, 16)] : [];
  });
  return [...new Set(ports)].sort((one, other) => one - other);
}

/** @param needsNetwork whether some session gets a network of its own. @param tables of the kernel; one may be missing. */
export async function hostServicesFinding(
  needsNetwork: boolean,
  tables: readonly string[] = ["/proc/net/tcp", "/proc/net/tcp6"],
): Promise<Finding> {
  if (!needsNetwork) return ok('no profile has network = "private"');
  const texts = await Promise.all(tables.map(readIfThere));
  const ports = openPorts(texts.join("\n"));
  if (ports.length === 0) return ok("services on this host listen on loopback only");
  return warning(
    `sessions with network = "private" can connect to this host's TCP ${ports.length === 1 ? "port" : "ports"} ${ports.join(", ")}`,
    "sudo ss -ltnp   # lists the programs; make them listen on 127.0.0.1, or block the ports in the firewall",
  );
}
