Feature: Language models of a session
  A session uses language models without a key and, unless its profile allows more, without any network. What it may cost
  is a limit that holds before a request is sent, and its record says what it did cost.

  Scenario: A session with an empty allowlist gets an answer, and its record has what that cost
    Given the provider "test" of the model "test-model", which has a price
    And the profile says:
      """
      [llm]
      providers = ["test"]
      max_usd = 1.0
      """
    And an agent that runs:
      """
      echo $ANTHROPIC_BASE_URL
      wget -Y off -q -O .runa/answer --header "x-api-key: $ANTHROPIC_API_KEY" --header "Content-Type: application/json" \
        --post-data '{"model":"test-model","max_tokens":100,"messages":[{"role":"user","content":"hello"}]}' \
        "$ANTHROPIC_BASE_URL/v1/messages"
      grep -o 'the answer' .runa/answer
      """
    When the operator runs `agentd run site-builder`
    Then its stdout is:
      """
      http://127.0.0.1:8790
      the answer

      """
    And the provider has answered 1 requests
    And the record says:
      | outcome | "success" |
      | llm     | {"requests": 1, "refused": 0, "input_tokens": 10, "cached_tokens": 0, "output_tokens": 20, "reasoning_tokens": 0, "usd": 0.00003, "models": ["test-model"], "exact": true} |
    And sha256sum accepts the record, and it covers every file
    When the operator runs `agentd show SESSION`
    Then its stdout mentions "1 request, 10 tokens in, 20 out" and "of test-model"
    When the operator runs `agentd usage --by profile --since 1d`
    Then its stdout mentions "PROFILE" and "site-builder"
    When the operator runs `agentd audit verify SESSION`
    Then it exits with 0

  Scenario: A heartbeat that is printed for ever hides no idle model
    Given the provider "test" of the model "test-model", which has a price
    And the profile says:
      """
      stall = "3s"
      on_stall = "stop"

      [llm]
      providers = ["test"]
      """
    And an agent that runs:
      """
      while :; do printf .; sleep 0.5; done
      """
    When the operator runs `agentd run site-builder`
    Then it exits with 121
    And the record says:
      | outcome | "stalled" |

  Scenario: A session whose budget is spent ends
    Given the provider "test" of the model "test-model", which has a price
    And the profile says:
      """
      [llm]
      providers = ["test"]
      max_requests = 2
      """
    And an agent that runs:
      """
      while true; do
        wget -Y off -q -O /dev/null --header "x-api-key: $ANTHROPIC_API_KEY" --header "Content-Type: application/json" \
          --post-data '{"model":"test-model","max_tokens":100,"messages":[{"role":"user","content":"hello"}]}' \
          "$ANTHROPIC_BASE_URL/v1/messages" || sleep 1
      done
      """
    When the operator runs `agentd run site-builder`
    Then it exits with 122
    And the provider has answered 2 requests
    And the record says:
      | outcome | "budget_exhausted" |
    When the operator runs `agentd show SESSION`
    Then its stdout mentions "budget_exhausted" and "max_requests"

  Scenario: A session whose provider refuses the key ends
    Given the provider "test" of the model "test-model"
    And the provider refuses its key from now on
    And the profile says:
      """
      [llm]
      providers = ["test"]
      """
    And an agent that runs:
      """
      while true; do
        wget -Y off -q -O /dev/null --header "x-api-key: $ANTHROPIC_API_KEY" --header "Content-Type: application/json" \
          --post-data '{"model":"test-model","max_tokens":100,"messages":[{"role":"user","content":"hello"}]}' \
          "$ANTHROPIC_BASE_URL/v1/messages" || sleep 0.1
      done
      """
    When the operator runs `agentd run site-builder`
    Then it exits with 119
    And the provider has answered 0 requests
    And the record says:
      | outcome | "llm_refused" |

  Scenario: With a limit in dollars, a model without a price is refused
    Given the provider "test" of the model "test-model"
    And the profile says:
      """
      [llm]
      providers = ["test"]
      max_usd = 1.0
      """
    And an agent that runs:
      """
      wget -Y off -q -O /dev/null --header "x-api-key: $ANTHROPIC_API_KEY" --header "Content-Type: application/json" \
        --post-data '{"model":"test-model","max_tokens":100,"messages":[{"role":"user","content":"hello"}]}' \
        "$ANTHROPIC_BASE_URL/v1/messages" || exit 3
      """
    When the operator runs `agentd run site-builder`
    Then it exits with 0
    And the provider has answered 0 requests
    And the record says:
      | outcome | "blocked" |

  Scenario: A session without language models has no such record
    Given an agent that runs:
      """
      env | grep -c ANTHROPIC
      true
      """
    When the operator runs `agentd run site-builder`
    Then its stdout is:
      """
      0

      """
    And the record says:
      | llm | null |
