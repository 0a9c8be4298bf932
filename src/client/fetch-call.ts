// The way around a network that lets no WebSocket through: unary calls and streams from the server over fetch, at the method's REST
// route. Streams are read as lines of JSON (or server-sent events) and no faster than the application takes the messages.
import type { Call, Carrier } from "./call.ts";
import type { HttpRoute, JsonObject, Metadata } from "./contract.ts";
import { ClientError, internal, unavailable, unknown } from "./error.ts";
import type { Failure } from "./error.ts";
import type { OpenFrame } from "./frames.ts";
import { toHttpRequest } from "./http-request.ts";

export interface FetchSource {
  readonly url: string;
  readonly metadata: Metadata | undefined;
  askToken(): Promise<string | undefined>;
}

/** What is left of a reply must not fill the memory of the page. */
const longestLine = 64 * 1024 * 1024;

/** Never rejects: how it went is told to the call. */
export async function fetchCall(call: Call, fetch: typeof globalThis.fetch, source: FetchSource): Promise<void> {
  const { http } = call.method;
  if (http === undefined) return;
  const carrier = new FetchCarrier();
  const frame = call.open(0, carrier);
  carrier.grant(frame.credit);
  try {
    const isStream = call.method.kind !== "unary";
    const response = await send(http, frame, { fetch, source, signal: carrier.controller.signal, isStream });
    if (!carrier.isOver) call.head(Object.fromEntries(response.headers));
    if (!response.ok) end(call, carrier, await readFailure(response));
    else if (isStream) await readStream(call, carrier, response);
    else await readReply(call, carrier, response);
  } catch (error) {
    if (carrier.isOver) return;
    carrier.cancel();
    if (error instanceof ClientError) call.finish(error);
    else call.lost(new ClientError({ code: unavailable, message: `the request was lost: ${String(error)}` }), false);
  }
}

class FetchCarrier implements Carrier {
  readonly controller = new AbortController();
  #credit = 0;
  #wake: (() => void) | undefined;
  isOver = false;

  grant(count: number): void {
    this.#credit += count;
    this.#wake?.();
  }

  send(): number {
    return 0;
  }

  end(): void {}

  cancel(): void {
    this.isOver = true;
    this.controller.abort();
    this.#wake?.();
  }

  /** Resolves when the application has room for another message. */
  async room(): Promise<void> {
    while (this.#credit <= 0 && !this.isOver) await new Promise<void>((resolve) => (this.#wake = resolve));
    this.#credit -= 1;
  }
}

interface SendOptions {
  readonly fetch: typeof globalThis.fetch;
  readonly source: FetchSource;
  readonly signal: AbortSignal;
  readonly isStream: boolean;
}

async function send(
  route: HttpRoute,
  { m, metadata }: OpenFrame,
  { fetch, source, signal, isStream }: SendOptions,
): Promise<Response> {
  const { target, body } = toHttpRequest(route, m as JsonObject);
  const headers = new Headers(body === undefined ? {} : { "content-type": "application/json" });
  const token = await source.askToken();
  if (token !== undefined) headers.set("authorization", token);
  for (const [name, value] of Object.entries({ ...source.metadata, ...metadata }))
    headers.set(name, [value].flat().join(", "));
  // Said in the URL, since in profile grpc-gateway Accept does not decide.
  const form = isStream ? `${target.includes("?") ? "&" : "?"}$alt=${route.sse === true ? "sse" : "ndjson"}` : "";
  return fetch(source.url + target + form, { method: route.verb, headers, signal, body });
}

async function readReply(call: Call, carrier: FetchCarrier, response: Response): Promise<void> {
  const value = parse(await response.text());
  if (carrier.isOver) return;
  call.receive(unwrap(call, value));
  end(call, carrier, { code: 0 });
}

/** Both forms are lines: what does not begin as JSON is a field of a server-sent event. */
async function readStream(call: Call, carrier: FetchCarrier, response: Response): Promise<void> {
  let isStatus = false;
  for await (const line of readLines(response)) {
    const [, field, text] = /^(?:(event|data|id|retry)?: ?)?(.*)$/.exec(line) ?? [];
    if (field === "event") isStatus = text === "status";
    else if (text !== "" && (field === "data" || line === text)) {
      const value = parse(text) as { "@status"?: Failure } & Failure;
      const status = isStatus ? value : value["@status"];
      if (status !== undefined) {
        end(call, carrier, status);
        return;
      }
      await carrier.room();
      if (carrier.isOver) return;
      const { wrapped } = call.method.http ?? {};
      call.receive(unwrap(call, wrapped === true ? (value as { result?: unknown }).result : value));
    }
  }
  // Server-sent events say how they end; without that word they were cut.
  if (call.method.http?.sse === true) throw new Error("the stream ended without a status");
  end(call, carrier, { code: 0 });
}

/** Throws ClientError: the same again would not be better. */
function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw new ClientError({ code: internal, message: "the answer is no JSON" });
  }
}

async function* readLines({ body }: Response): AsyncGenerator<string> {
  if (body === null) return;
  const reader = body.getReader();
  const decoder = new TextDecoder();
  let rest = "";
  try {
    for (;;) {
      const { done, value } = await reader.read();
      rest += decoder.decode(value, { stream: !done });
      const lines = rest.split(/\r?\n/);
      rest = done ? "" : (lines.pop() ?? "");
      yield* lines;
      if (done) return;
      if (rest.length > longestLine) throw new Error("a message is too long");
    }
  } finally {
    reader.cancel().catch(() => {});
  }
}

function end(call: Call, carrier: FetchCarrier, how: Failure): void {
  if (carrier.isOver) return;
  carrier.isOver = true;
  call.ended(how);
}

function unwrap({ method }: Call, value: unknown): unknown {
  return method.http?.reply === undefined ? value : { [method.http.reply]: value };
}

/** google.rpc.Status, bare or as `error` (http.errors: google); what else came is told by its HTTP status. */
async function readFailure(response: Response): Promise<Failure> {
  const body = (await response.json().catch(() => undefined)) as { error?: Partial<Failure> } & Partial<Failure>;
  const found = typeof body?.error === "object" ? body.error : body;
  if (typeof found?.code === "number" && found.code > 0 && found.code <= 16) return { ...found, code: found.code };
  const code = codeOfHttp[response.status] ?? (response.status >= 500 ? unavailable : unknown);
  return { code, message: `HTTP ${response.status}`, details: found?.details };
}

/** As gRPC maps them for what is no gRPC, and the plain ones. */
const codeOfHttp: Readonly<Record<number, number>> = {
  400: 3,
  401: 16,
  403: 7,
  404: 5,
  409: 10,
  429: 8,
  499: 1,
  500: 13,
  501: 12,
  504: 4,
};
