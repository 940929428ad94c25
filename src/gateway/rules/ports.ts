/** Where a session finds agentd's network, on 127.0.0.1 in its own network namespace. Below what developers use. */

/** The egress proxy. */
export const PROXY_PORT = 8791;

/** The proxy as the value of `HTTP_PROXY`. */
export const PROXY_URL = `http://127.0.0.1:${PROXY_PORT}`;

/** The language models. */
export const LLM_PORT = 8790;

/** Where the language models are, without a path. */
export const LLM_URL = `http://127.0.0.1:${LLM_PORT}`;
