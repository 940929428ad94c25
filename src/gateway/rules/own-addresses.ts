import type { NetworkInterfaceInfo } from "node:os";
import { canonicalAddress } from "./host-names.ts";

/** The addresses of the host's own interfaces. @param interfaces as `os.networkInterfaces` gives them. */
export function ownAddresses(interfaces: NodeJS.Dict<NetworkInterfaceInfo[]>): ReadonlySet<string> {
  const written = Object.values(interfaces).flatMap((infos) => (infos ?? []).map(({ address }) => address));
  return new Set(written.map((address) => canonicalAddress(address) ?? address));
}
