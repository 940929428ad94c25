/** The providers' own SDKs through the gateway, and a mock of the providers that others maintain. */
import Anthropic from "@anthropic-ai/sdk";
import { LLMock } from "@copilotkit/aimock";
import { GoogleGenAI } from "@google/genai";
import OpenAI from "openai";
import { afterAll, beforeAll, expect, it } from "vitest";
import { until } from "../../kit/until.mjs";
import { startServer, TOKEN } from "./server-under-test.ts";

const mock = new LLMock({ port: 0 });
beforeAll(async () => {
  mock.onMessage("hello", { content: "Hi there!" });
  await mock.start();
});
afterAll(async () => mock.stop());

const messages = [{ role: "user" as const, content: "hello" }];

it("each SDK gets whole answers and streams, and the ledger has what they used", async () => {
  const under = await startServer(mock.url, { limits: { usdNano: 1e10 } });
  const openai = new OpenAI({ baseURL: `${under.url}/v1`, apiKey: TOKEN, maxRetries: 0 });
  const chat = await openai.chat.completions.create({ model: "test-model", messages });
  expect(chat.choices[0]?.message.content).toBe("Hi there!");
  let text = "";
  for await (const chunk of await openai.chat.completions.create({
    model: "test-model",
    messages,
    stream: true,
  })) {
    text += chunk.choices[0]?.delta.content ?? "";
  }
  expect(text).toBe("Hi there!");
  const response = await openai.responses.create({ model: "test-model", input: "hello" });
  expect(response.output_text).toBe("Hi there!");
  const stream = openai.responses.stream({ model: "test-model", input: "hello" });
  expect((await stream.finalResponse()).output_text).toBe("Hi there!");

  const anthropic = new Anthropic({ baseURL: under.url, apiKey: TOKEN, maxRetries: 0 });
  const body = { model: "test-model", max_tokens: 100, messages };
  expect((await anthropic.messages.create(body)).content[0]).toMatchObject({
    type: "text",
    text: "Hi there!",
  });
  expect(await anthropic.messages.stream(body).finalText()).toBe("Hi there!");

  const gemini = new GoogleGenAI({ apiKey: TOKEN, httpOptions: { baseUrl: under.url } });
  const ask = { model: "test-model", contents: "hello" };
  expect((await gemini.models.generateContent(ask)).text).toBe("Hi there!");
  let streamed = "";
  for await (const chunk of await gemini.models.generateContentStream(ask)) streamed += chunk.text ?? "";
  expect(streamed).toBe("Hi there!");

  await until("all is settled", async () => under.server.numbers.in_flight === 0);
  const settled = (await under.lines()).filter((line) => line.kind === "settle");
  expect(settled.map(({ settlement }) => settlement)).toEqual(Array.from({ length: 8 }, () => "reported"));
  expect(under.server.numbers).toMatchObject({ requests: 8, refused: 0 });
});

it("each SDK takes the refusal of a spent budget for final, and says why", async () => {
  const under = await startServer(mock.url, { limits: { requests: 0 } });
  // With their own retries: one more request would be one too many.
  const openai = new OpenAI({ baseURL: `${under.url}/v1`, apiKey: TOKEN });
  const anthropic = new Anthropic({ baseURL: under.url, apiKey: TOKEN });
  const gemini = new GoogleGenAI({ apiKey: TOKEN, httpOptions: { baseUrl: under.url } });
  const why = /max_requests/;
  await expect(openai.responses.create({ model: "test-model", input: "hello" })).rejects.toThrow(why);
  await expect(openai.chat.completions.create({ model: "test-model", messages })).rejects.toThrow(why);
  await expect(anthropic.messages.create({ model: "test-model", max_tokens: 9, messages })).rejects.toThrow(
    why,
  );
  await expect(gemini.models.generateContent({ model: "test-model", contents: "hello" })).rejects.toThrow(
    why,
  );
  expect(under.server.numbers).toMatchObject({ requests: 0, refused: 4 });
});
