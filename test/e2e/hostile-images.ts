import { Canary } from "./canary.ts";

export const CANARY = new Canary("image");

/** What the images' own shells leave in the session's record when they have done what they do: what failed of it. */
export const DONE = "mischief-done";
const REPORT = `cat /tmp/complaints > ${DONE}`;

/** An image whose /bin/sh does something of its own, once, before it becomes the shell that it should be. */
function withShell(name: string, mischief: string) {
  const content = `#!/bin/busybox sh
if mkdir /tmp/once 2> /dev/null; then
  exec 3>&2 2> /tmp/complaints
  ${mischief}
  cd /home/site-builder/repo/.runa && ${REPORT}
  exec 2>&3 3>&-
fi
cd /home/site-builder/repo
exec /bin/busybox sh "$@"
`;
  return { name, files: { "bin/sh": { content, mode: 0o755 } } };
}

/** An image whose /bin/sh takes one byte of its credentials and no more, however much there is. */
export const READS_ONE_BYTE = {
  name: "reads-one-byte",
  files: {
    "bin/sh": {
      content: `#!/bin/busybox sh
exec 4< /agentd/gate/credentials
dd bs=1 count=1 <&4 > /dev/null
echo taken
exec /bin/busybox sleep 1000
`,
      mode: 0o755,
    },
  },
};

/** Settings and a hook by which git would run something, in a clone that is not there yet. */
const GIT_TRAP = `
mkdir -p trap/hooks trap/info
cat > trap/config <<'END'
[core]
	repositoryFormatVersion = 0
	fsmonitor = ${CANARY.command}; false
	hooksPath = hooks
[filter "evil"]
	smudge = ${CANARY.command}; cat
	clean = ${CANARY.command}; cat
	required = true
END
echo '* filter=evil' > trap/info/attributes
echo '* filter=evil' > .gitattributes
printf '#!/bin/sh\\n${CANARY.command}\\n' > trap/hooks/post-checkout
chmod +x trap/hooks/post-checkout
`;

/** What its shell does, and what becomes of the session: undefined is a success. */
export interface HostileImage {
  readonly what: string;
  readonly image: ReturnType<typeof withShell>;
  readonly fails?: string;
  /** What its own attempts fail with. */
  readonly complains?: RegExp;
}

/** The working directory of each is the session's mounted repo/, into which the host has not moved the clone yet. */
export const HOSTILE_IMAGES: readonly HostileImage[] = [
  {
    what: "has a smudge filter in repo/.git/config",
    image: withShell("evil-git-directory", `${GIT_TRAP} mv trap .git`),
    fails: "its path is already taken",
  },
  {
    what: "has led repo/.git elsewhere, to a smudge filter",
    image: withShell("evil-git-link", `${GIT_TRAP} mv trap ../trap; ln -s ../trap .git`),
    fails: "its path is already taken",
  },
  {
    what: "has put directories where files of the repository belong",
    image: withShell("evil-directories", "mkdir -p agent.sh/deep door/deep"),
    fails: "its path is already taken",
  },
  {
    what: "has put links where files of the repository belong",
    image: withShell("evil-links", `ln -s ${CANARY.path} agent.sh; ln -s ${CANARY.path} door`),
  },
  {
    what: "has closed the directories it was given",
    image: withShell("evil-modes", `cd .runa; chmod 0 ../..; chmod 0 ..; ${REPORT}`),
    fails: "EACCES",
  },
  {
    what: "has filled repo/ with thousands of files",
    image: withShell("evil-files", "i=0; while [ $i -lt 3000 ]; do : > junk-$i; i=$((i + 1)); done"),
  },
  {
    what: "replaces repo/.runa, also from a namespace of its own",
    image: withShell(
      "evil-runa",
      [
        "mv .runa gone",
        "rm -rf .runa",
        "rmdir .runa",
        "ln -sfn /etc .runa",
        "unshare -U -r -m sh -c 'umount .runa; umount -l .runa; rm -rf .runa; ln -s /etc .runa; true'",
        "unshare -U -r -m sh -c 'mkdir /tmp/m; mount --bind . /tmp/m && rm -rf /tmp/m/.runa && ln -s /etc /tmp/m/.runa; true'",
      ].join("; "),
    ),
    complains: /busy/i,
  },
];
