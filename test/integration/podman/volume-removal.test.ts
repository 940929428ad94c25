import { once } from "node:events";
import { mkdir, mkdtemp, readdir, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { execa } from "execa";
import { afterAll, beforeAll, expect, it } from "vitest";
import { containersEnvironment } from "../../kit/containers-environment.mjs";
import { podman } from "../../kit/podman.mjs";
import { type EngineRoom, openEngineRoom } from "./engine-room.ts";

let room: EngineRoom;
beforeAll(async () => {
  room = await openEngineRoom();
});
afterAll(() => room.close());

const ROUNDS = 3;
const FILES = 50;

/** renameat2 with RENAME_EXCHANGE. */
const EXCHANGE = { x64: 316, arm64: 276 }[process.arch as "x64" | "arm64"];

/**
 * Goes on exchanging directories with links to a directory of the host, by the working directory alone: what a session
 * can do with a descriptor that another session has passed to it. It always works on the next few of those that are
 * still there, in the order in which the directory lists them, which is the order in which they are removed.
 */
const ATTACK = `
my ($volume, $victim) = @ARGV;
chdir $volume or die;
for (0 .. 999) { mkdir "d$_"; mkdir "d$_/s"; symlink $victim, "l$_" }
opendir(my $listing, ".");
my %seen;
my @pairs = grep { !$seen{$_}++ } map { /(\\d+)/ ? $1 : () } readdir $listing;
@pairs = map { ["d$_", "l$_"] } @pairs;
$| = 1;
print "ready\n";
while (@pairs) {
  for my $pair (@pairs[0 .. (@pairs < 3 ? $#pairs : 2)]) {
    syscall(${EXCHANGE}, -100, $pair->[0], -100, $pair->[1], 2) == 0 or shift @pairs, last;
  }
}
`;

it("a volume is removed without a file of the host, whatever somebody puts into it meanwhile", async () => {
  const directory = await mkdtemp(join(tmpdir(), "agentd-volume-"));
  for (let round = 0; round < ROUNDS; round++) {
    const victim = join(directory, String(round));
    await mkdir(victim);
    for (let file = 0; file < FILES; file++) await writeFile(join(victim, String(file)), "precious\n");
    const name = `agentd-test-${room.instance}-${round}`;
    const label = `io.agentd.instance=${room.instance}`;
    await podman(containersEnvironment(), ["volume", "create", "--label", label, name]);
    const format = ["volume", "inspect", "--format", "{{.Mountpoint}}", name];
    const volume = await podman(containersEnvironment(), format);
    const attack = execa("perl", ["-e", ATTACK, volume, victim], { reject: false });
    await once(attack.stdout, "data");

    // It may fail while the attack goes on.
    await room.engine.removeVolume(name).catch(() => undefined);
    attack.kill("SIGKILL");
    await attack;
    expect(await readdir(victim)).toHaveLength(FILES);
    await room.engine.removeVolume(name);
  }
  expect(await room.engine.listVolumes()).toEqual([]);
  await rm(directory, { recursive: true });
});
