Feature: The record
  A directory on the host that outlives the session, sealed so that a change shows.

  Scenario: A finished session's record is sealed, read-only and verifiable
    Given an agent that runs:
      """
      mkdir .runa/deep && echo 'the door is green' > .runa/deep/report.txt
      """
    When the operator runs `agentd run site-builder`
    Then the record's files have mode 0400 and the directories of runa mode 0500
    And sha256sum accepts the record, and it covers every file
    And the journal goes through "queued, preparing, running, finishing, sealed"
    When the operator runs `agentd audit verify SESSION`
    Then it exits with 0

  Scenario: A record is there while the session runs, without an outcome
    Given an agent that runs:
      """
      until [ -e .runa/go ]; do sleep 0.1; done
      """
    When the operator starts `agentd run site-builder`
    And the session is running
    Then the record says:
      | outcome       | null |
      | end_timestamp | null |
    When the operator runs `agentd audit verify SESSION`
    Then it exits with 3
    And its stdout mentions "incomplete" and "SESSION"
    When the session is let go
    And the session is sealed
    Then the record says:
      | outcome | "success" |

  Scenario Outline: A record that was changed is found out: somebody <change> <file>
    Given an agent that runs:
      """
      echo 'the door is green' | tee .runa/report.txt
      """
    When the operator runs `agentd run site-builder`
    And somebody <change> "<file>" in the record
    And the operator runs `agentd audit verify SESSION`
    Then it exits with 1
    And its stdout mentions "altered: session SESSION" and "<file>: <verdict>"

    Examples:
      | change           | file                | verdict |
      | alters a byte of | runa/report.txt     | altered |
      | alters a byte of | agentd/session.json | altered |
      | alters a byte of | agentd/console.log  | altered |
      | alters a byte of | SHA256SUMS          | differs from what was signed |
      | alters a byte of | attestation.sigstore.json | does not have the form that agentd writes |
      | removes          | runa/report.txt     | missing |
      | adds             | runa/forged.txt     | added   |

  Scenario: What an agent leaves in .runa cannot reach out of the record
    Given an agent that runs:
      """
      cd .runa
      ln -s /etc/hostname link
      mkfifo pipe
      mkdir closed && echo inside > closed/file && chmod 0 closed
      cp /bin/busybox tool && chmod 6755 tool
      ln tool twin
      """
    When the operator runs `agentd run site-builder`
    Then it exits with 0
    And sha256sum accepts the record, and it covers every file
    And no file of the record is setuid, setgid or a hard link
    When the operator runs `agentd audit verify SESSION`
    Then it exits with 0
