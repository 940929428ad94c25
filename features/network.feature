Feature: What a session reaches
  With an allowlist a session reaches the hosts that its profile names and nothing else, and its record says so.

  Scenario: A session with an empty allowlist reaches nothing
    Given the profile says:
      """
      network = "allowlist"
      """
    And an agent that runs:
      """
      ls /sys/class/net
      nc 127.0.0.1 8791 -e sh -c "printf 'GET http://example.org/ HTTP/1.1\r\nHost: example.org\r\n\r\n'; cat > .runa/answer"
      grep -o '403 Forbidden' .runa/answer
      """
    When the operator runs `agentd run site-builder`
    Then its stdout is:
      """
      lo
      403 Forbidden

      """
    And the record says:
      | outcome | "success" |
      | egress  | {"allowed": [], "denied": ["example.org:80"], "allowed_count": 0, "denied_count": 1} |
    And sha256sum accepts the record, and it covers every file
    When the operator runs `agentd audit verify SESSION`
    Then it exits with 0

  Scenario: The programs of a session find the proxy, unless the profile names another
    Given the profile says:
      """
      network = "allowlist"
      env = { HTTPS_PROXY = "http://127.0.0.1:3128" }
      """
    And an agent that runs:
      """
      echo $HTTP_PROXY $https_proxy $HTTPS_PROXY
      """
    When the operator runs `agentd run site-builder`
    Then its stdout is:
      """
      http://127.0.0.1:8791 http://127.0.0.1:8791 http://127.0.0.1:3128

      """

  Scenario: A session without an allowlist has no such record
    Given an agent that runs:
      """
      true
      """
    When the operator runs `agentd run site-builder`
    Then the record says:
      | egress | null |
