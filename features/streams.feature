Feature: What the agent prints
  Its stdout and stderr reach the operator live and the record byte for byte.

  Scenario: Each stream stays a stream of its own
    Given an agent that runs:
      """
      echo 'to stdout'
      echo 'to stderr' >&2
      """
    When the operator runs `agentd run site-builder`
    Then its stdout is:
      """
      to stdout

      """
    And its stderr without agentd's own lines is:
      """
      to stderr

      """
    When the operator runs `agentd logs SESSION`
    Then its stdout is:
      """
      to stdout

      """
    And its stderr without agentd's own lines is:
      """
      to stderr

      """

  Scenario Outline: Bytes arrive as they were printed: <what>
    Given an agent that runs:
      """
      printf '<bytes>'
      """
    When the operator runs `agentd run site-builder`
    Then its stdout is "<bytes>"
    When the operator runs `agentd logs SESSION`
    Then its stdout is "<bytes>"

    Examples:
      | what                  | bytes                       |
      | no newline at the end | the end                     |
      | only newlines         | \\n\\n\\n                   |
      | carriage returns      | one\\rtwo\\r\\nthree        |
      | not text              | \\000\\001\\377\\376\\033[m |

  Scenario: With --json, stdout is one object and the agent's output goes to stderr
    Given an agent that runs:
      """
      echo 'to stdout'
      """
    When the operator runs `agentd run site-builder --json`
    Then the JSON on its stdout agrees with the record
    And its stderr without agentd's own lines is:
      """
      to stdout

      """

  Scenario: Output is live
    Given an agent that runs:
      """
      echo 'working'
      until [ -e .runa/go ]; do sleep 0.1; done
      echo 'done'
      """
    When the operator starts `agentd run site-builder`
    Then it prints "working" while the session runs
    When the session is let go
    And it has ended
    Then its stdout is:
      """
      working
      done

      """

  Scenario: Logs are followed from the beginning to the end
    Given an agent that runs:
      """
      echo 'working'
      until [ -e .runa/go ]; do sleep 0.1; done
      echo 'done'
      """
    When the operator runs `agentd run site-builder --detach`
    And the session is running
    And the operator starts `agentd logs -f SESSION`
    Then it prints "working" while the session runs
    When the session is let go
    And it has ended
    Then it exits with 0
    And its stdout is:
      """
      working
      done

      """
    And its stderr says "session SESSION" and "success in"
