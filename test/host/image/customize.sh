#!/bin/sh
# Run by mmdebstrap as root of its own user namespace, outside of the tree. Usage: customize.sh ROOT WORK_DIRECTORY
set -eu
root=$1
work=$2
here=$(cd "$(dirname "$0")" && pwd)

cp -r "$here/overlay/." "$root/"
selinux=$root/etc/selinux/default
if [ -d "$selinux" ]; then cp -r "$here/overlay-selinux/." "$root/"; fi
# Where this Debian's own is too old.
if [ -f "$work/node" ]; then install -m 0755 "$work/node" "$root/usr/local/bin/node"; fi
echo "agentd-test" >"$root/etc/hostname"
printf '127.0.0.1 localhost agentd-test\n::1 localhost\n' >"$root/etc/hosts"
echo "keeper ALL=(ALL) NOPASSWD: ALL" >"$root/etc/sudoers.d/keeper"
chmod 440 "$root/etc/sudoers.d/keeper"

for user in keeper visitor; do
  chroot "$root" useradd --create-home --shell /bin/bash "$user"
  mkdir -p "$root/home/$user/.ssh"
done
# For the second serial port and the audit log.
chroot "$root" usermod --append --groups dialout,adm keeper
mkdir -p "$root/var/lib/systemd/linger"
touch "$root/var/lib/systemd/linger/keeper"

# The keeper's manager starts the scenarios at boot: only there is the user unconfined, as after a login.
units=$root/home/keeper/.config/systemd/user
mkdir -p "$units/default.target.wants"
cp "$root/usr/local/share/agentd-test/agentd-test.service" "$units/"
ln -s ../agentd-test.service "$units/default.target.wants/"

# The keeper logs in as the visitor.
chroot "$root" ssh-keygen -q -t ed25519 -N "" -f /home/keeper/.ssh/id_ed25519
cp "$root/home/keeper/.ssh/id_ed25519.pub" "$root/home/visitor/.ssh/authorized_keys"
for user in keeper visitor; do
  chroot "$root" chown -R "$user:$user" "/home/$user"
  chmod 700 "$root/home/$user/.ssh"
done

# SELinux: enforcing, with what Debian's policy lacks.
if [ -d "$selinux" ]; then
  sed -i 's/^SELINUX=.*/SELINUX=enforcing/' "$root/etc/selinux/config"
  # Programs that compile at run time, as Node.js does: Fedora's policy lets an unconfined user, Debian's has to be told.
  echo "allow_execmem=1" >>"$root/var/lib/selinux/default/active/booleans.local"
  chroot "$root" semodule --noreload --install /usr/local/share/agentd-test/containers.cil
fi

chroot "$root" systemctl enable --quiet systemd-networkd.service test-input.service serial-getty@ttyS0.service
chroot "$root" systemctl mask --quiet apt-daily.timer apt-daily-upgrade.timer fstrim.timer e2scrub_all.timer \
  dpkg-db-backup.timer man-db.timer systemd-networkd-wait-online.service
mkdir -p "$root/etc/systemd/system/serial-getty@ttyS0.service.d"
printf '[Service]\nExecStart=\nExecStart=-/sbin/agetty --autologin keeper --keep-baud 115200 %%I $TERM\n' \
  >"$root/etc/systemd/system/serial-getty@ttyS0.service.d/autologin.conf"

# Only what this machine needs to mount its disk: a small initrd boots faster.
sed -i 's/^MODULES=.*/MODULES=list/' "$root/etc/initramfs-tools/initramfs.conf"
printf 'virtio_pci\nvirtio_blk\next4\n' >>"$root/etc/initramfs-tools/modules"
chroot "$root" update-initramfs -u -k all

cat "$root"/boot/vmlinuz-* >"$work/kernel"
cat "$root"/boot/initrd.img-* >"$work/initrd"
chroot "$root" dpkg-query -W -f '${Package} ${Version}\n' >"$work/packages.txt"
rm -rf "$root"/boot/* "$root"/var/cache/apt/* "$root"/var/lib/apt/lists/*

# Without what is mounted in the tree.
tree=$(mktemp -d)
mount --bind "$root" "$tree"
mke2fs -q -F -t ext4 -d "$tree" "$work/disk.raw" "$DISK_SIZE"
umount "$tree"
rmdir "$tree"
