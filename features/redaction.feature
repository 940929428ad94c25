Feature: Redaction
  What a session prints of its own credentials is replaced by their names: where it is shown, and in its sealed record.

  Background:
    Given the daemon's environment has "SITE_TOKEN" set to "tok-Zm9vYmFy/0123456789"

  Scenario: Values are replaced in every form, across lines and writes, and the sealed log has none
    Given the profile says:
      """
      credentials = [{ name = "TOKEN", source = "SITE_TOKEN" }]
      """
    And an agent that runs:
      """
      echo "plain $TOKEN!"
      printf 'halves %s' "$(printf %s "$TOKEN" | head -c 10)"; sleep 1; printf '%s\n' "$(printf %s "$TOKEN" | tail -c +11)"
      echo "url https://host/?t=tok-Zm9vYmFy%2F0123456789&x=1"
      printf 'wrapped %s' "$TOKEN" | sed 's/foo//;s/Fy/Fy\n/'; echo
      printf '{"auth":"%s"}' "$(printf %s "$TOKEN" | base64)"; echo
      """
    When the operator runs `agentd run site-builder`
    Then it exits with 0
    And its stdout does not mention "0123456789"
    And its stdout mentions "plain [TOKEN]!" and "url https://host/?t=[TOKEN]&x=1"
    And its stdout mentions "halves [TOKEN]" and "wrapped [TOKEN]"
    And the record says:
      | redaction       | "complete" |
      | redacted_values | 5          |
    And neither a file of agentd's nor its log holds "SITE_TOKEN"
    When the operator runs `agentd logs --raw SESSION`
    Then its stdout mentions "plain [TOKEN]!" and "url https://host/?t=[TOKEN]&x=1"
    When the operator runs `agentd audit verify SESSION`
    Then it exits with 0

  Scenario: A log can stay as it was, and is shown without values
    Given the profile says:
      """
      credentials = [{ name = "TOKEN", source = "SITE_TOKEN" }]
      redact = "view"
      """
    And an agent that runs:
      """
      echo "plain $TOKEN!"
      """
    When the operator runs `agentd run site-builder`
    Then its stdout is:
      """
      plain [TOKEN]!

      """
    And the record says:
      | redaction       | "view" |
      | redacted_values | 1      |
    When the operator runs `agentd logs SESSION`
    Then its stdout is:
      """
      plain [TOKEN]!

      """
    When the operator runs `agentd logs --raw SESSION`
    Then its stdout is:
      """
      plain tok-Zm9vYmFy/0123456789!

      """

  Scenario: Work with a value in it is shown without, and is said to have one
    Given the profile says:
      """
      credentials = [{ name = "TOKEN", source = "SITE_TOKEN" }]
      """
    And an agent that runs:
      """
      echo "token = $TOKEN" > settings.ini
      """
    When the operator runs `agentd run site-builder`
    Then the record says:
      | credentials_in_work | ["TOKEN"]                                                    |
      | warnings            | ["The session's work contains the value of a credential: TOKEN."] |
    When the operator runs `agentd diff SESSION`
    Then its stdout mentions "settings.ini" and "+token = [TOKEN]"
    When the operator runs `agentd diff --raw SESSION`
    Then its stdout mentions "settings.ini" and "+token = tok-Zm9vYmFy/0123456789"

  Scenario: The token that a session shows the gateway is a credential of its own
    Given the provider "test" of the model "test-model"
    And the profile says:
      """
      [llm]
      providers = ["test"]
      """
    And an agent that runs:
      """
      echo "key $ANTHROPIC_API_KEY at $ANTHROPIC_BASE_URL"
      """
    When the operator runs `agentd run site-builder`
    Then its stdout is:
      """
      key [ANTHROPIC_API_KEY] at http://127.0.0.1:8790

      """
    And the record says:
      | redaction       | "complete" |
      | redacted_values | 1          |
