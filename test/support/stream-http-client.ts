// Streams over HTTP: arrays, lines and events, over HTTP/1.1 and HTTP/2, read as they come.
import { request } from "node:http";
import type { ClientRequest, IncomingMessage } from "node:http";
import http2 from "node:http2";
import type { Readable, Writable } from "node:stream";
import type { Endpoint } from "./raw-http.ts";
import type { Answer, Ask, Kind, Status } from "./stream-backend.ts";
import { Received } from "./stream-client.ts";
import type { Ended, OpenOptions, StreamHandle, StreamTransport } from "./stream-client.ts";

/** How the client wants the messages, and in which form it sends its own. */
export type HttpForm = "array" | "ndjson" | "sse";

interface HttpSetup {
  readonly form: HttpForm;
  readonly version: "1.1" | "2";
  /** Puts the request of a server stream into the URL. */
  readonly byUrl: boolean;
  /** Says that it reads trailers. */
  readonly readsTrailers?: boolean;
}

const accepts: Readonly<Record<HttpForm, string>> = {
  array: "application/json",
  ndjson: "application/x-ndjson",
  sse: "text/event-stream",
};

const paths: Readonly<Record<Kind, string>> = {
  unary: "/v1/single",
  "server-streaming": "/v1/list",
  "client-streaming": "/v1/gather",
  "bidi-streaming": "/v1/chat",
};

/** What a body says of the end of its stream, when it has come to its end; undefined for a form that says nothing there. */
interface Reader {
  add(text: string): void;
  finish(): Ended | undefined;
}

type Found = (json: string) => void;

class LineReader implements Reader {
  readonly #found: Found;
  #rest = "";
  #status: Ended | undefined;

  constructor(found: Found) {
    this.#found = found;
  }

  add(text: string): void {
    const lines = (this.#rest + text).split("\n");
    this.#rest = lines.pop() ?? "";
    for (const line of lines) {
      if (line.trim() === "") throw new Error("a line without a message");
      const value = JSON.parse(line) as { "@status"?: Status };
      if (value["@status"] === undefined) this.#found(line);
      else this.#status = { ...value["@status"], how: "last line" };
    }
  }

  finish(): Ended {
    if (this.#rest.trim() !== "") throw new Error(`a line without its end: ${this.#rest}`);
    return this.#status ?? { code: 0, how: "end of the lines" };
  }
}

class EventReader implements Reader {
  readonly #found: Found;
  #rest = "";
  #status: Ended | undefined;

  constructor(found: Found) {
    this.#found = found;
  }

  add(text: string): void {
    const blocks = (this.#rest + text).split("\n\n");
    this.#rest = blocks.pop() ?? "";
    for (const block of blocks) {
      const fields = block.split("\n").map((line) => /^([a-z]*): ?(.*)$/s.exec(line)?.slice(1) ?? [line, ""]);
      const value = (name: string): string | undefined => fields.find(([key]) => key === name)?.[1];
      const data = value("data");
      if (data === undefined) continue;
      if (value("event") === "status")
        this.#status = { ...(JSON.parse(data) as Status), how: `event, id ${value("id") ?? "none"}` };
      else this.#found(data);
    }
  }

  finish(): Ended {
    return this.#status ?? { code: undefined, how: "no status event" };
  }
}

/** Of objects. */
class ArrayReader implements Reader {
  readonly #found: Found;
  #text = "";
  #at = 0;
  #from = 0;
  #depth = 0;
  #isInString = false;
  #isComplete = false;

  constructor(found: Found) {
    this.#found = found;
  }

  add(text: string): void {
    this.#text = this.#text.slice(this.#from) + text;
    this.#at -= this.#from;
    this.#from = 0;
    for (; this.#at < this.#text.length; this.#at++) this.#step(this.#text[this.#at]);
    if (this.#depth < 2) this.#from = this.#at;
  }

  #step(character: string): void {
    if (this.#isInString) {
      if (character === "\\") this.#at++;
      else if (character === '"') this.#isInString = false;
    } else if (character === '"') this.#isInString = true;
    else if (character === "{" || character === "[") {
      if (this.#depth++ === 1) this.#from = this.#at;
    } else if (character === "}" || character === "]") {
      this.#depth--;
      if (this.#depth === 1) this.#found(this.#text.slice(this.#from, this.#at + 1));
      this.#isComplete = this.#depth === 0;
    }
  }

  finish(): Ended {
    if (!this.#isComplete) throw new Error("the array has no end, and the answer has");
    return { code: 0, how: "end of the array" };
  }
}

/** A unary answer. */
class OneReader implements Reader {
  readonly #found: Found;
  #text = "";

  constructor(found: Found) {
    this.#found = found;
  }

  add(text: string): void {
    this.#text += text;
  }

  finish(): Ended {
    this.#found(this.#text);
    return { code: 0, how: "HTTP 200" };
  }
}

const readers: Readonly<Record<HttpForm, new (found: Found) => Reader>> = {
  array: ArrayReader,
  ndjson: LineReader,
  sse: EventReader,
};

/** The connection of one request. */
interface Channel {
  readonly body: Writable;
  cancel(): void;
}

class HttpStream implements StreamHandle {
  readonly #received = new Received();
  readonly #credentials: Readonly<Record<string, string>>;
  readonly #endpoint: Endpoint;
  readonly #setup: HttpSetup;
  readonly #kind: Kind;
  readonly #query: string;
  #channel: Channel | undefined;
  #answer: Readable | undefined;
  #isHeld = false;
  #sent = 0;

  constructor(endpoint: Endpoint, setup: HttpSetup, kind: Kind, { timeoutMs, bearer }: OpenOptions) {
    this.#credentials = bearer === undefined ? {} : { authorization: `Bearer ${bearer}` };
    this.#endpoint = endpoint;
    this.#setup = setup;
    this.#kind = kind;
    this.#query = timeoutMs === undefined ? "" : `$timeout=${timeoutMs}ms`;
    if (!this.#takesOne) this.#start("POST", this.#query, true);
  }

  get #takesOne(): boolean {
    return this.#kind === "unary" || this.#kind === "server-streaming";
  }

  get messages() {
    return this.#received.messages;
  }

  get ended() {
    return this.#received.ended;
  }

  get unsentBytes(): number {
    return this.#channel?.body.writableLength ?? 0;
  }

  until(count: number): Promise<void> {
    return this.#received.until(count);
  }

  send(ask: Ask): void {
    if (this.#takesOne) this.#sendOnly(ask);
    else this.#channel?.body.write(this.#toPiece(ask));
  }

  #sendOnly(ask: Ask): void {
    if (this.#setup.byUrl) {
      const fields = Object.entries(ask).map(([name, value]) => `${name}=${encodeURIComponent(String(value))}`);
      this.#start("GET", [...fields, this.#query].filter(Boolean).join("&"), false);
    } else {
      this.#start("POST", this.#query, true);
      this.#channel?.body.end(JSON.stringify(ask));
    }
  }

  #toPiece(ask: Ask): string {
    const json = JSON.stringify(ask);
    const isFirst = this.#sent++ === 0;
    if (this.#setup.form === "array") return (isFirst ? "[" : ",") + json;
    return this.#setup.form === "ndjson" ? `${json}\n` : json;
  }

  end(): void {
    if (this.#takesOne) return;
    if (this.#setup.form === "array") this.#channel?.body.write(this.#sent === 0 ? "[]" : "]");
    // Never with an empty text: Node's HTTP/2 then sends other memory than what was written before.
    this.#channel?.body.end();
  }

  cancel(): void {
    this.#received.end({ code: undefined, how: "cancelled" });
    this.#channel?.cancel();
  }

  hold(): void {
    this.#isHeld = true;
    this.#answer?.pause();
  }

  release(): void {
    this.#isHeld = false;
    this.#answer?.resume();
  }

  #start(method: string, query: string, hasBody: boolean): void {
    const target = paths[this.#kind] + (query === "" ? "" : `?${query}`);
    const { form, version, readsTrailers = false } = this.#setup;
    const accept = this.#kind === "client-streaming" ? "application/json" : accepts[form];
    const contentType = form === "ndjson" && !this.#takesOne ? "application/x-ndjson" : "application/json";
    const headers = {
      ...this.#credentials,
      accept,
      ...(hasBody ? { "content-type": contentType } : {}),
      ...(readsTrailers ? { te: "trailers" } : {}),
    };
    this.#channel =
      version === "2" ? this.#startHttp2(method, target, headers) : this.#startHttp1(method, target, headers);
    if (!hasBody) this.#channel.body.end();
  }

  #startHttp1(method: string, path: string, headers: Record<string, string>): Channel {
    const { host, port } = this.#endpoint;
    const sent: ClientRequest = request({ host, port, method, path, headers, agent: false });
    sent.on("error", () => this.#received.end({ code: undefined, how: "cut" }));
    sent.on("response", (answer: IncomingMessage) => {
      answer.on("aborted", () => this.#received.end({ code: undefined, how: "cut" }));
      // Whatever was left to be sent nobody wants.
      answer.on("end", () => setImmediate(() => sent.destroy()));
      this.#read(answer.statusCode ?? 0, answer, () => ({}));
    });
    sent.flushHeaders();
    return { body: sent, cancel: () => void sent.destroy() };
  }

  #startHttp2(method: string, path: string, headers: Record<string, string>): Channel {
    const session = http2.connect(`http://${this.#endpoint.host}:${this.#endpoint.port}`, {
      // In megabytes: what a test sends may wait here.
      maxSessionMemory: 1000,
    });
    session.on("error", () => {});
    const stream = session.request({ ":method": method, ":path": path, ...headers }, { endStream: false });
    let trailers: http2.IncomingHttpHeaders = {};
    stream.on("error", () => this.#received.end({ code: undefined, how: "cut" }));
    stream.on("end", () => setImmediate(() => stream.close()));
    stream.on("trailers", (received) => (trailers = received));
    stream.on("response", (head) => this.#read(Number(head[":status"]), stream, () => trailers));
    stream.on("close", () => {
      if (stream.rstCode !== 0) this.#received.end({ code: undefined, how: "cut" });
      session.close();
    });
    return {
      body: stream,
      cancel: () => {
        stream.close(http2.constants.NGHTTP2_CANCEL);
        session.close();
      },
    };
  }

  #read(status: number, answer: Readable, trailersOf: () => http2.IncomingHttpHeaders): void {
    this.#answer = answer;
    const isStream = this.#kind !== "client-streaming" && this.#kind !== "unary" && status === 200;
    const found: Found = (json) => this.#received.push(JSON.parse(json) as Answer);
    const reader = isStream ? new readers[this.#setup.form](found) : new OneReader(status === 200 ? found : () => {});
    let refusal = "";
    answer.setEncoding("utf8");
    answer.on("data", (text: string) => {
      if (status !== 200) refusal += text;
      this.#try(() => reader.add(text));
    });
    answer.on("end", () => {
      const { "grpc-status": code, "grpc-message": message = "" } = trailersOf();
      if (status !== 200) this.#received.end({ ...(JSON.parse(refusal) as Status), how: `HTTP ${status}` });
      else if (code !== undefined)
        this.#received.end({ code: Number(code), message: decodeURIComponent(String(message)), how: "trailers" });
      else this.#try(() => this.#received.end(reader.finish() ?? { code: 0, how: `HTTP ${status}` }));
    });
    if (this.#isHeld) answer.pause();
  }

  /** What cannot be read is an end of its own, which no test expects. */
  #try(act: () => void): void {
    try {
      act();
    } catch (error) {
      this.#received.end({ code: undefined, how: `unreadable: ${String(error)}` });
    }
  }
}

/** Single calls are for tests of REST. */
const lacks = { unary: "a single call over REST is no stream" };

export function overHttp(name: string, setup: HttpSetup): StreamTransport {
  const { form, readsTrailers = false } = setup;
  return {
    name,
    way: { kind: "http", form, readsTrailers },
    lacks,
    open: async (endpoint, kind, options = {}) => new HttpStream(endpoint, setup, kind, options),
  };
}

export const httpTransports: readonly StreamTransport[] = [
  overHttp("array over HTTP/1.1", { form: "array", version: "1.1", byUrl: false }),
  overHttp("array over HTTP/2", { form: "array", version: "2", byUrl: true }),
  overHttp("array over HTTP/2 with trailers", { form: "array", version: "2", byUrl: false, readsTrailers: true }),
  overHttp("NDJSON over HTTP/1.1", { form: "ndjson", version: "1.1", byUrl: true }),
  overHttp("NDJSON over HTTP/2", { form: "ndjson", version: "2", byUrl: false }),
  overHttp("SSE over HTTP/1.1", { form: "sse", version: "1.1", byUrl: true }),
  overHttp("SSE over HTTP/2", { form: "sse", version: "2", byUrl: true }),
];
