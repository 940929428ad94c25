Feature: What the agent finds inside
  Every session is a container of its own: a fresh clone, a user named after the profile, and nothing else.

  Scenario Outline: The user is named after the profile, whatever users the image has: <image>
    Given the image "<image>"
    And an agent that runs:
      """
      id -un
      echo "$HOME"
      pwd
      """
    When the operator runs `agentd run site-builder`
    Then it exits with 0
    And its stdout is:
      """
      site-builder
      /home/site-builder
      /home/site-builder/repo

      """

    Examples:
      | image    |
      | busybox  |
      | user1000 |

  Scenario: The repository is a fresh clone that git is content with
    Given the image "debian-git"
    And an agent that runs:
      """
      git log -1 --format=%s
      git status --porcelain
      git remote get-url origin
      """
    And the last commit of the repository is "Paint the door green"
    When the operator runs `agentd run site-builder`
    Then it exits with 0
    And its stdout is:
      """
      Paint the door green
      REPOSITORY

      """
    And the record names the commit that "main" ends with

  Scenario Outline: A branch, a tag or a commit can be asked for: <ref>
    Given an agent that runs:
      """
      cat door
      """
    And the repository has the file "door" with "green" on the branch "paint" and the tag "v1"
    When the operator runs `agentd run site-builder --ref <ref>`
    Then it exits with 0
    And its stdout is "green"
    And the record names the commit that "paint" ends with

    Examples:
      | ref   |
      | paint |
      | v1    |
      | HASH  |

  Scenario: The repository of the command line goes before the profile's
    Given an agent that runs:
      """
      echo 'from the right one'
      """
    And the profile says:
      """
      repo = "http://127.0.0.1:1/site.git"
      """
    When the operator runs `agentd run site-builder REPOSITORY`
    Then it exits with 0
    And its stdout is:
      """
      from the right one

      """

  Scenario: The user has no capabilities and no way to gain any
    Given an agent that runs:
      """
      grep -E '^(CapEff|CapPrm|CapBnd|NoNewPrivs):' /proc/self/status | tr '\t' ' '
      """
    When the operator runs `agentd run site-builder`
    Then its stdout is:
      """
      CapPrm: 0000000000000000
      CapEff: 0000000000000000
      CapBnd: 0000000000000000
      NoNewPrivs: 1

      """

  Scenario: The session knows its profile, its id and its work unit
    Given an agent that runs:
      """
      echo "$AGENTD_PROFILE $AGENT_NAME $AGENTD_SESSION_ID $AGENTD_WORK_UNIT"
      """
    When the operator runs `agentd run site-builder --work-unit issue-42`
    Then its stdout is:
      """
      site-builder site-builder SESSION issue-42

      """
    And the record says:
      | profile   | "site-builder" |
      | work_unit | "issue-42"     |
      | trigger   | "manual"       |

  Scenario Outline: Without a work unit the variable is unset, whatever the image sets: <image>
    Given the image "<image>"
    And an agent that runs:
      """
      echo "${AGENTD_WORK_UNIT-unset}"
      """
    When the operator runs `agentd run site-builder`
    Then its stdout is:
      """
      unset

      """
    And the record says:
      | work_unit | null |

    Examples:
      | image           |
      | busybox         |
      | stale-work-unit |

  Scenario: What the agent writes into .runa is in the record
    Given the image "debian-git"
    And an agent that runs:
      """
      echo 'the door is green' > .runa/report.txt
      git status --porcelain
      """
    When the operator runs `agentd run site-builder`
    Then it exits with 0
    And its stdout is ""
    And the file "runa/report.txt" of the record holds:
      """
      the door is green

      """

  Scenario: The image's entrypoint is not run
    Given the image "entrypoint-false"
    And an agent that runs:
      """
      echo hello
      """
    When the operator runs `agentd run site-builder`
    Then it exits with 0
    And its stdout is:
      """
      hello

      """

  Scenario Outline: The home is writable, also when the image brings it: <image>
    Given the image "<image>"
    And an agent that runs:
      """
      cat ~/from-the-image 2>&-
      echo written > ~/from-the-image && cat ~/from-the-image
      """
    When the operator runs `agentd run site-builder`
    Then it exits with 0
    And its stdout is "<output>"
    And nothing of the session is left behind

    Examples:
      | image   | output                |
      | busybox | written\\n            |
      | home    | brought\\nwritten\\n   |

  Scenario: The profile's own variables are set
    Given the profile says:
      """
      env = { GREETING = "it's \"quoted\" and $HOME" }
      """
    And an agent that runs:
      """
      echo "$GREETING"
      """
    When the operator runs `agentd run site-builder`
    Then its stdout is:
      """
      it's "quoted" and $HOME

      """

  Scenario: Nothing else of the daemon's environment gets in
    Given the daemon's environment has "UNRELATED_SECRET" set to "opaque"
    And an agent that runs:
      """
      env | grep -c UNRELATED_SECRET
      env | grep -c opaque
      """
    When the operator runs `agentd run site-builder`
    Then its stdout is:
      """
      0
      0

      """

  Scenario: A session can be without a network
    Given the profile says:
      """
      network = "none"
      """
    And an agent that runs:
      """
      ls /sys/class/net
      """
    When the operator runs `agentd run site-builder`
    Then its stdout is:
      """
      lo

      """

  Scenario: What the command sees of its clone has the usual modes
    Given the repository has the file "notes/door.txt" with "green"
    And an agent that runs:
      """
      stat -c '%a %n' ~ ~/repo .runa .git .git/config notes notes/door.txt agent.sh
      """
    When the operator runs `agentd run site-builder`
    Then its stdout is:
      """
      755 /home/site-builder
      755 /home/site-builder/repo
      700 .runa
      755 .git
      644 .git/config
      755 notes
      644 notes/door.txt
      644 agent.sh

      """
