Feature: Commands that need only the daemon's answers
  They do the same over the socket of this host and over the HTTP API of another.

  Scenario: Run a session with what the operator gives it
    Given an agent that runs:
      """
      cat "$AGENTD_REQUEST_FILE" /agentd/input/note.txt
      echo "of $AGENTD_WORK_UNIT" >&2
      printf 'no newline'
      exit 5
      """
    And the host has the file "HERE/note.txt" with "from the desk"
    And a running daemon
    When the operator runs `agentd run site-builder --work-unit issue-42 --request 'Fix it.' --input note.txt=HERE/note.txt`
    Then it exits with 5
    And its stdout is "Fix it.from the deskno newline"
    And its stderr without agentd's own lines is:
      """
      of issue-42

      """
    And its stderr says "work_failed" and "the record is"
    When the operator runs `agentd logs SESSION`
    Then its stdout is "Fix it.from the deskno newline"
    When the operator runs `agentd logs SESSION --stream stderr --json`
    Then its stdout mentions "of issue-42" and "stderr"
    When the operator runs `agentd logs --tail 1 SESSION --stream stderr`
    Then its stderr without agentd's own lines is:
      """
      of issue-42

      """
    When the operator runs `agentd show SESSION`
    Then its stdout mentions all of:
      | issue-42        |
      | work_failed     |
      | Fix it.         |
      | accepted        |
      | of issue-42     |
    When the operator runs `agentd show SESSION --json`
    Then the JSON on its stdout agrees with the record
    When the operator runs `agentd audit ls --failed`
    Then its stdout mentions "SHORT", "work_failed" and "issue-42"
    When the operator runs `agentd audit show SESSION`
    Then its stdout mentions all of:
      | issue-42        |
      | work_failed     |
      | accepted        |

  Scenario: Follow, wait for and list a session that runs
    Given an agent that runs:
      """
      echo 'the door is green'
      until [ -e .runa/go ]; do sleep 0.1; done
      echo 'the door is shut'
      exit 5
      """
    And a running daemon
    When the operator runs `agentd run site-builder --detach --work-unit issue-42`
    Then it exits with 0
    When the session is running
    And the operator runs `agentd ps`
    Then its stdout mentions "SHORT", "running" and "issue-42"
    When the operator starts `agentd wait site-builder`
    And the operator starts `agentd logs -f site-builder`
    Then it prints "the door is green" while the session runs
    When the session is let go
    And they have ended
    Then `agentd wait site-builder` exits with 5
    And `agentd logs -f site-builder` exits with 0
    And its stdout is:
      """
      the door is green
      the door is shut

      """
    And its stderr says "work_failed" and "SESSION"
    When the operator runs `agentd ps -l --json`
    Then the JSON on its stdout is a list with:
      | session_id | outcome       |
      | "SESSION"  | "work_failed" |

  Scenario: Stop a session
    Given an agent that runs:
      """
      trap 'echo stopping; exit 0' TERM
      echo begun
      while :; do sleep 0.1; done
      """
    And a running daemon
    When the operator starts `agentd run site-builder`
    Then it prints "begun" while the session runs
    When the operator runs `agentd stop SESSION`
    Then it exits with 0
    When they have ended
    Then `agentd run site-builder` exits with 130
    And the record says:
      | outcome | "cancelled" |

  Scenario: Show what a session has changed
    Given an agent that runs:
      """
      echo '# changed' >>agent.sh
      echo new >"new file"
      """
    And a running daemon
    When the operator runs `agentd run site-builder`
    Then it exits with 0
    When the operator runs `agentd diff SESSION`
    Then it exits with 0
    And its stdout mentions "+# changed" and "+++ b/new file"
    When the operator runs `agentd diff --latest --name-only`
    Then its stdout mentions "agent.sh" and "new file"
    When the operator runs `agentd show SESSION`
    Then its stdout mentions "0 commits, 2 files changed" and "+2 -0 lines, 2 uncommitted"

  Scenario: Look at schedules and pause them
    Given an agent that runs:
      """
      true
      """
    And the profile says:
      """
      schedule = "30 2 29 2 *"
      """
    And a running daemon
    When the operator runs `agentd schedule pause site-builder`
    Then it exits with 0
    When the operator runs `agentd schedule site-builder --json`
    Then its stdout mentions "30 2 29 2 *" and "paused"
    When the operator runs `agentd schedule resume site-builder`
    Then it exits with 0
    When the operator runs `agentd show 0123456789abcdef`
    Then it exits with 1
    And its stderr says "unknown_session" and "0123456789abcdef"
