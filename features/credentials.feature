Feature: Credentials
  The command gets exactly the values the daemon's environment holds, and nobody else gets to see them.

  Background:
    Given the profile says:
      """
      credentials = [{ name = "TOKEN", source = "SITE_TOKEN" }]
      """

  Scenario: Quotes, newlines and what a shell would expand arrive byte for byte
    Given the image "shell-only"
    And the daemon's environment has "SITE_TOKEN" set to:
      """
      it's "quoted" `id` $(id) $HOME \ \\ \n 'end'
      two	tabs	and  two  blanks
      EOF

      """
    And an agent that runs:
      """
      printf %s "${TOKEN-unset}" > .runa/token
      """
    When the operator runs `agentd run site-builder`
    Then it exits with 0
    And the file "runa/token" of the record holds the value of "SITE_TOKEN"

  Scenario Outline: A value of <bytes> bytes arrives byte for byte
    Given the image "shell-only"
    And the daemon's environment has "SITE_TOKEN" set to <bytes> random characters
    And an agent that runs:
      """
      printf %s "${TOKEN-unset}" > .runa/token
      """
    When the operator runs `agentd run site-builder`
    Then it exits with 0
    And the file "runa/token" of the record holds the value of "SITE_TOKEN"

    Examples:
      | bytes  |
      | 0      |
      | 61440  |
      | 131000 |

  Scenario: The value is in the command's environment and nowhere else
    Given the daemon's environment has "SITE_TOKEN" set to 40 random characters
    And an agent that runs:
      """
      [ ${#TOKEN} = 40 ] && echo 'got it'
      until [ -e .runa/go ]; do sleep 0.1; done
      """
    When the operator starts `agentd run site-builder`
    Then it prints "got it" while the session runs
    And what Podman tells about the container does not hold "SITE_TOKEN"
    And no command line on this host holds "SITE_TOKEN"
    And neither a file of agentd's nor its log holds "SITE_TOKEN"
    When the session is let go
    And it has ended
    Then it exits with 0
    And neither a file of agentd's nor its log holds "SITE_TOKEN"
