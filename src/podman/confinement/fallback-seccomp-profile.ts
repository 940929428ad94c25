/**
 * The seccomp profile for an engine that brings none as a file. Generated from seccomp.json of containers-common 0.50.1
 * (https://github.com/containers/common, Apache License 2.0), reduced to what it says for a container without
 * capabilities.
 */

const ALLOWED = `
  _llseek _newselect accept accept4 access adjtimex alarm bind brk capget capset chdir chmod chown chown32
  clock_adjtime clock_adjtime64 clock_getres clock_getres_time64 clock_gettime clock_gettime64
  clock_nanosleep clock_nanosleep_time64 clone clone3 close close_range connect copy_file_range creat dup
  dup2 dup3 epoll_create epoll_create1 epoll_ctl epoll_ctl_old epoll_pwait epoll_pwait2 epoll_wait
  epoll_wait_old eventfd eventfd2 execve execveat exit exit_group faccessat faccessat2 fadvise64
  fadvise64_64 fallocate fanotify_mark fchdir fchmod fchmodat fchown fchown32 fchownat fcntl fcntl64
  fdatasync fgetxattr flistxattr flock fork fremovexattr fsconfig fsetxattr fsmount fsopen fspick fstat
  fstat64 fstatat64 fstatfs fstatfs64 fsync ftruncate ftruncate64 futex futex_time64 futimesat
  get_mempolicy get_robust_list get_thread_area getcpu getcwd getdents getdents64 getegid getegid32
  geteuid geteuid32 getgid getgid32 getgroups getgroups32 getitimer getpeername getpgid getpgrp getpid
  getppid getpriority getrandom getresgid getresgid32 getresuid getresuid32 getrlimit getrusage getsid
  getsockname getsockopt gettid gettimeofday getuid getuid32 getxattr inotify_add_watch inotify_init
  inotify_init1 inotify_rm_watch io_cancel io_destroy io_getevents io_setup io_submit ioctl ioprio_get
  ioprio_set ipc kill landlock_add_rule landlock_create_ruleset landlock_restrict_self lchown lchown32
  lgetxattr link linkat listen listxattr llistxattr lremovexattr lseek lsetxattr lstat lstat64 madvise
  mbind membarrier memfd_create memfd_secret mincore mkdir mkdirat mknod mknodat mlock mlock2 mlockall
  mmap mmap2 mount mount_setattr move_mount mprotect mq_getsetattr mq_notify mq_open mq_timedreceive
  mq_timedreceive_time64 mq_timedsend mq_timedsend_time64 mq_unlink mremap msgctl msgget msgrcv msgsnd
  msync munlock munlockall munmap name_to_handle_at nanosleep newfstatat open open_tree openat openat2
  pause pidfd_getfd pidfd_open pidfd_send_signal pipe pipe2 pivot_root pkey_alloc pkey_free pkey_mprotect
  poll ppoll ppoll_time64 prctl pread64 preadv preadv2 prlimit64 process_mrelease process_vm_readv
  process_vm_writev pselect6 pselect6_time64 ptrace pwrite64 pwritev pwritev2 read readahead readdir
  readlink readlinkat readv reboot recv recvfrom recvmmsg recvmmsg_time64 recvmsg remap_file_pages
  removexattr rename renameat renameat2 restart_syscall rmdir rseq rt_sigaction rt_sigpending
  rt_sigprocmask rt_sigqueueinfo rt_sigreturn rt_sigsuspend rt_sigtimedwait rt_sigtimedwait_time64
  rt_tgsigqueueinfo sched_get_priority_max sched_get_priority_min sched_getaffinity sched_getattr
  sched_getparam sched_getscheduler sched_rr_get_interval sched_rr_get_interval_time64 sched_setaffinity
  sched_setattr sched_setparam sched_setscheduler sched_yield seccomp select semctl semget semop
  semtimedop semtimedop_time64 send sendfile sendfile64 sendmmsg sendmsg sendto set_mempolicy
  set_robust_list set_thread_area set_tid_address setfsgid setfsgid32 setfsuid setfsuid32 setgid setgid32
  setgroups setgroups32 setitimer setns setpgid setpriority setregid setregid32 setresgid setresgid32
  setresuid setresuid32 setreuid setreuid32 setrlimit setsid setsockopt setuid setuid32 setxattr shmat
  shmctl shmdt shmget shutdown sigaction sigaltstack signal signalfd signalfd4 sigpending sigprocmask
  sigreturn sigsuspend socketcall socketpair splice stat stat64 statfs statfs64 statx symlink symlinkat
  sync sync_file_range syncfs syscall sysinfo syslog tee tgkill time timer_create timer_delete
  timer_getoverrun timer_gettime timer_gettime64 timer_settime timer_settime64 timerfd timerfd_create
  timerfd_gettime timerfd_gettime64 timerfd_settime timerfd_settime64 times tkill truncate truncate64
  ugetrlimit umask umount umount2 uname unlink unlinkat unshare utime utimensat utimensat_time64 utimes
  vfork wait4 waitid waitpid write writev
`;

/** Any other call that is not allowed fails with ENOSYS, as a call of a newer kernel does. */
const REFUSED = `
  acct bdflush chroot clock_settime clock_settime64 delete_module fanotify_init finit_module init_module
  io_pgetevents ioperm iopl kcmp kexec_file_load kexec_load lookup_dcookie migrate_pages move_pages
  nfsservctl nice oldfstat oldlstat oldolduname oldstat olduname open_by_handle_at pciconfig_iobase
  pciconfig_read pciconfig_write process_madvise query_module quotactl setdomainname sethostname
  settimeofday sgetmask ssetmask stime swapcontext swapoff swapon sysfs uselib ustat vhangup vm86 vm86old
  vmsplice
`;

const ENOSYS = 38;
const EPERM = 1;
const EINVAL = 22;

/** Execution domains of Linux: its own, with 16-bit ids, and the question which one it is. */
const PERSONALITIES = [0, 8, 0x20000, 0x20008, 0xffffffff];

const NETLINK_AUDIT = [argument(0, 16, "EQ"), argument(2, 9, "EQ")];

/** As Podman reads it from a file. */
export const FALLBACK_SECCOMP_PROFILE = {
  defaultAction: "SCMP_ACT_ERRNO",
  defaultErrnoRet: ENOSYS,
  archMap: [
    { architecture: "SCMP_ARCH_X86_64", subArchitectures: ["SCMP_ARCH_X86", "SCMP_ARCH_X32"] },
    { architecture: "SCMP_ARCH_AARCH64", subArchitectures: ["SCMP_ARCH_ARM"] },
    { architecture: "SCMP_ARCH_S390X", subArchitectures: ["SCMP_ARCH_S390"] },
  ],
  syscalls: [
    allow(words(ALLOWED)),
    ...PERSONALITIES.map((value) => allow(["personality"], { args: [argument(0, value, "EQ")] })),
    allow(["sync_file_range2"], { includes: { arches: ["ppc64le"] } }),
    allow(words("arm_fadvise64_64 arm_sync_file_range breakpoint cacheflush set_tls sync_file_range2"), {
      includes: { arches: ["arm", "arm64"] },
    }),
    allow(["arch_prctl"], { includes: { arches: ["amd64", "x32"] } }),
    allow(["modify_ldt"], { includes: { arches: ["amd64", "x32", "x86"] } }),
    allow(words("s390_pci_mmio_read s390_pci_mmio_write s390_runtime_instr"), {
      includes: { arches: ["s390", "s390x"] },
    }),
    // Any socket but the audit system's.
    { names: ["socket"], action: "SCMP_ACT_ERRNO", errnoRet: EINVAL, args: NETLINK_AUDIT },
    allow(["socket"], { args: [argument(2, 9, "NE")] }),
    allow(["socket"], { args: [argument(0, 16, "NE")] }),
    { names: words(REFUSED), action: "SCMP_ACT_ERRNO", errnoRet: EPERM },
  ],
};

function words(text: string): string[] {
  return text.trim().split(/\s+/);
}

function allow(names: string[], condition: object = {}) {
  return { names, action: "SCMP_ACT_ALLOW", ...condition };
}

/** A condition on an argument of a call, counted from 0. */
function argument(index: number, value: number, comparison: "EQ" | "NE") {
  return { index, value, valueTwo: 0, op: `SCMP_CMP_${comparison}` };
}
