/**
 * The machine. It does not need hardware virtualisation: it has to work wherever tests run.
 */
import { createInterface } from "node:readline";
import { execa } from "execa";
import { ACCELERATION, findAccelerator, QEMU } from "./acceleration.mjs";

/** @typedef {import("./acceleration.mjs").Accelerator} Accelerator */

// A busy machine runs a guest in turns. Its kernel would take that for a broken clock, and use one that costs far more, or for a
// broken timer, and panic. A panic ends the machine. What protects processors from attacks costs an emulated one a third of its speed.
const BUSY = "tsc=nowatchdog no_timer_check panic=-1 mitigations=off";
const KERNEL_COMMAND_LINE = `root=/dev/vda rw console=ttyS0 systemd.show_status=0 ${BUSY}`;
const ENFORCING = "security=selinux selinux=1 enforcing=1 audit=1 audit_backlog_limit=8192";
/** Debian's own choice: AppArmor, without a profile for anything here. */
const WITHOUT_SELINUX = "selinux=0";
/** Before SELinux has a policy its labels can be written as they come. */
const LABELLING = "selinux=0 init=/usr/local/sbin/label-disk";

/**
 * Where the parts of a bootable image are.
 *
 * @typedef {object} Image
 * @property {string} disk
 * @property {string} kernel
 * @property {string} initrd
 * @property {boolean} selinux Whether SELinux enforces its policy.
 */

/**
 * Boots once and labels the files of a raw disk, which is changed.
 *
 * @param {Image} image
 * @param {{ consoleLog: string, timeoutMs: number }} options
 */
export async function labelDisk(image, { consoleLog, timeoutMs }) {
  const disks = drive(image.disk, "raw");
  const accelerator = await findAccelerator(image);
  await execa(QEMU, [...machine(image, accelerator, LABELLING), ...disks, "-serial", `file:${consoleLog}`], {
    stdin: "ignore",
    timeout: timeoutMs,
    killSignal: "SIGKILL",
  });
}

/**
 * Boots and waits until the machine is off.
 *
 * @param {Image} image
 * @param {object} options
 * @param {Accelerator} options.accelerator
 * @param {string} options.disk A qcow2 on top of the image's disk.
 * @param {string} options.input The second disk: a tar.
 * @param {string} options.consoleLog Gets what the console shows.
 * @param {(line: string) => void} options.onLine Called with each line that the machine writes to its second serial port.
 * @param {AbortSignal} options.signal Cuts the power.
 */
export async function boot(image, { accelerator, disk, input, consoleLog, onLine, signal }) {
  const disks = [...drive(disk, "qcow2"), ...drive(input, "raw")];
  const serial = ["-serial", `file:${consoleLog}`, "-serial", "stdio"];
  const qemu = execa(QEMU, [...machine(image, accelerator, securityOf(image)), ...disks, ...serial], {
    // Not ours: a Ctrl-C on the terminal would otherwise reach it as a key.
    stdin: "ignore",
    buffer: false,
    cancelSignal: signal,
    forceKillAfterDelay: 1000,
  });
  createInterface({ input: qemu.stdout }).on("line", onLine);
  await qemu;
}

/**
 * Boots with the console on this terminal, and waits until the machine is off.
 *
 * @param {Image} image
 * @param {{ accelerator: Accelerator, disk: string, input: string }} options
 */
export async function bootOnTerminal(image, { accelerator, disk, input }) {
  const disks = [...drive(disk, "qcow2"), ...drive(input, "raw")];
  const serial = ["-serial", "mon:stdio", "-serial", "null"];
  await execa(QEMU, [...machine(image, accelerator, securityOf(image)), ...disks, ...serial], {
    stdio: "inherit",
  });
}

/** @param {Image} image */
function securityOf({ selinux }) {
  return selinux ? ENFORCING : WITHOUT_SELINUX;
}

/**
 * @param {Image} image
 * @param {Accelerator} accelerator
 * @param {string} commandLine Added to the kernel's.
 */
function machine({ kernel, initrd }, accelerator, commandLine) {
  return [
    ...ACCELERATION[accelerator],
    ...["-smp", "2", "-m", "3072"],
    ...["-display", "none", "-nodefaults", "-no-reboot"],
    ...["-kernel", kernel, "-initrd", initrd, "-append", `${KERNEL_COMMAND_LINE} ${commandLine}`],
    // A network without anything behind it: rootless containers need one to be connected to.
    ...["-nic", "user,model=virtio,restrict=on,net=10.77.0.0/24"],
  ];
}

/**
 * @param {string} file
 * @param {"raw" | "qcow2"} format
 */
function drive(file, format) {
  return ["-drive", `file=${file},format=${format},if=virtio,cache=unsafe`];
}
