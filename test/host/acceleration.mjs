/**
 * What QEMU runs the machine with: the hardware's virtualisation where it works, else its own emulation.
 */
import { constants } from "node:fs";
import { access } from "node:fs/promises";
import { execa } from "execa";

/** @typedef {import("./machine.mjs").Image} Image */
/** @typedef {"kvm" | "tcg"} Accelerator */

export const QEMU = "qemu-system-x86_64";

/**
 * QEMU's arguments for an accelerator.
 *
 * @type {Record<Accelerator, string[]>}
 */
export const ACCELERATION = {
  kvm: ["-accel", "kvm", "-cpu", "max"],
  tcg: ["-accel", "tcg,thread=multi", "-cpu", "max"],
};

/** With hardware virtualisation it takes two or three seconds. */
const PROBE_LIMIT_MS = 20_000;

/**
 * Whether this kernel boots under KVM. A `/dev/kvm` that can be opened does not show that: where virtual machines are
 * nested, it may not run a kernel that was not made for it.
 *
 * @param {Pick<Image, "kernel" | "initrd">} image
 * @returns {Promise<Accelerator>}
 */
export async function findAccelerator({ kernel, initrd }) {
  const isOpen = await access("/dev/kvm", constants.R_OK | constants.W_OK).then(
    () => true,
    () => false,
  );
  if (!isOpen) return "tcg";
  // A kernel without a first process panics, resets, and thereby ends QEMU. One that KVM cannot run stands still.
  const boot = ["-kernel", kernel, "-initrd", initrd, "-append", "rdinit=/nothing panic=-1"];
  const { failed } = await execa(
    QEMU,
    [...ACCELERATION.kvm, "-smp", "2", "-m", "512", "-display", "none", "-nodefaults", "-no-reboot", ...boot],
    { stdin: "ignore", timeout: PROBE_LIMIT_MS, killSignal: "SIGKILL", reject: false },
  );
  return failed ? "tcg" : "kvm";
}
