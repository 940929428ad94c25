import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { hostServicesFinding, openPorts } from "../../../../src/cli/doctor/host-services.ts";

/** As recorded: nginx on all addresses, a database on loopback, ssh on one address, and connections. */
const TCP = `  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode
   0: 00000000:0050 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 21001 1 0000000000000000 100 0 0 10 0
   1: 0100007F:1538 00000000:0000 0A 00000000:00000000 00:00000000 00000000   110        0 21002 1 0000000000000000 100 0 0 10 0
   2: 3500007F:0035 00000000:0000 0A 00000000:00000000 00:00000000 00000000   991        0 21003 1 0000000000000000 100 0 0 10 5
   3: 0F02000A:0016 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 21004 1 0000000000000000 100 0 0 10 0
   4: 0F02000A:0050 0202000A:E77C 01 00000000:00000000 02:000A7D5F 00000000     0        0 21005 2 0000000000000000 20 4 31 10 -1
   5: 0F02000A:C350 0202000A:01BB 06 00000000:00000000 03:000012B4 00000000     0        0 0 3 0000000000000000
`;

const TCP6 = `  sl  local_address                         remote_address                        st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode
   0: 00000000000000000000000000000000:1F90 00000000000000000000000000000000:0000 0A 00000000:00000000 00:00000000 00000000  1000        0 22001 1 0000000000000000 100 0 0 10 0
   1: 00000000000000000000000001000000:0277 00000000000000000000000000000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 22002 1 0000000000000000 100 0 0 10 0
   2: 0000000000000000FFFF00000100007F:1F91 00000000000000000000000000000000:0000 0A 00000000:00000000 00:00000000 00000000  1000        0 22003 1 0000000000000000 100 0 0 10 0
   3: 00000000000000000000000000000000:0050 00000000000000000000000000000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 22004 1 0000000000000000 100 0 0 10 0
`;

describe("the services of this host that sessions reach", () => {
  it("are those that listen on more than loopback, each port once", () => {
    expect(openPorts(TCP)).toEqual([22, 80]);
    expect(openPorts(TCP6)).toEqual([80, 8080]);
    expect(openPorts(TCP + TCP6)).toEqual([22, 80, 8080]);
    expect(openPorts("")).toEqual([]);
  });

  it("are a warning with their ports, and none of a host's without profiles that could reach them", async () => {
    const directory = await mkdtemp(join(tmpdir(), "agentd-tables-"));
    const tcp = join(directory, "tcp");
    const closed = join(directory, "closed");
    const missing = join(directory, "missing");
    await writeFile(tcp, TCP);
    await writeFile(closed, TCP.split("\n").slice(0, 1).join("\n"));
    expect(await hostServicesFinding(true, [tcp, missing])).toEqual({
      status: "warning",
      summary: 'sessions with network = "private" can connect to this host\'s TCP ports 22, 80',
      fix: expect.stringContaining("ss -ltnp") as string,
    });
    expect(await hostServicesFinding(true, [closed, missing])).toMatchObject({ status: "ok" });
    expect(await hostServicesFinding(false, [tcp])).toMatchObject({ status: "ok" });
    await rm(directory, { recursive: true });
  });
});
