// A whole gateway on a real socket in front of a real gRPC backend, put together as the command line does it; what the
// backend got and what it answers are JSON of its messages.
import { loadProject } from "../../src/command/project.ts";
import type { Project } from "../../src/command/project.ts";
import { findCommand } from "../../src/command/flags.ts";
import { parseFlags } from "../../src/command/parse-flags.ts";
import { createTerminal } from "../../src/command/terminal.ts";
import { formatDiagnostic } from "../../src/diagnostic.ts";
import { createGateway } from "../../src/gateway.ts";
import type { GatewayOptions } from "../../src/gateway.ts";
import type { Profile } from "../../src/schema/binding.ts";
import type { MessageType, Method, Schema } from "../../src/schema/descriptor.ts";
import { compileJsonReader } from "../../src/translate/json/json-reader.ts";
import { compileJsonWriter } from "../../src/translate/json/json-writer.ts";
import { strictJson } from "../../src/translate/options.ts";
import { createFolder } from "../config/yaml-fixture.ts";
import { Metadata } from "@grpc/grpc-js";
import type { ServerDuplexStream } from "@grpc/grpc-js";
import { BackendError, startBackend, toStatus } from "./backend.ts";
import type { BackendCall, BackendHandlers } from "./backend.ts";
import { openRaw } from "./raw-http.ts";
import type { Endpoint, RawConnection, RawResponse } from "./raw-http.ts";
import type { ProtoTexts } from "./schema.ts";
import { unshed } from "./unshed.ts";

/** `[name, value]`; `-bin` values in base64. */
export type MetadataEntry = readonly [name: string, value: string];

export type Answer =
  | {
      readonly kind: "reply";
      /** ProtoJSON of the reply message, or its bytes. */
      readonly message: string | Uint8Array;
      readonly headers?: readonly MetadataEntry[];
      readonly trailers?: readonly MetadataEntry[];
    }
  | {
      readonly kind: "status";
      readonly code: number;
      readonly message: string;
      /** ProtoJSON of google.protobuf.Any; `{"@type": …, "value": base64}` for a type that is not in the schema. */
      readonly details?: readonly string[];
      readonly trailers?: readonly MetadataEntry[];
    }
  /** Of a method that streams its replies; `failure` is how the call ends, if not well. */
  | {
      readonly kind: "stream";
      readonly messages: readonly (string | Uint8Array)[];
      readonly headers?: readonly MetadataEntry[];
      readonly trailers?: readonly MetadataEntry[];
      readonly failure?: Extract<Answer, { kind: "status" }>;
    }
  /** No answer, ever: the client gives up or the deadline passes. */
  | { readonly kind: "silence" };

export interface ReceivedCall {
  /** `pkg.Service/Method`. */
  readonly method: string;
  /** ProtoJSON with unset fields left out; says so where the bytes are not the message. Of a client stream all of them, with spaces between. */
  readonly message: string;
  readonly bytes: Buffer;
  readonly metadata: readonly MetadataEntry[];
  /** Milliseconds left when the call arrived; Infinity for none. */
  readonly timeLeft: number;
  /** Resolves when the client has gone or the deadline has passed. */
  readonly cancelled: Promise<void>;
}

export interface ProjectSource {
  /** One file, `test.proto`, or several by path. */
  readonly protos: ProtoTexts;
  /** sluice.yaml */
  readonly yaml?: string;
  readonly profile?: Profile;
}

export interface GatewaySource extends ProjectSource {
  /** By `pkg.Service/Method`; methods without one answer with an empty message. */
  readonly handlers?: Readonly<Record<string, (call: ReceivedCall) => Answer | Promise<Answer>>>;
  /** Instead of the backend. */
  readonly upstream?: string;
  /** Where the source was loaded already. */
  readonly loaded?: LoadedSource;
  readonly options?: GatewayOptions;
}

/** One request on a connection of its own; with full control of the bytes. */
export interface HttpRequest {
  readonly method: string;
  readonly target: string;
  /** `Name: value` lines; `Host` is added unless it is among them, `Content-Length` for a body. */
  readonly headers?: readonly string[];
  readonly body?: string | Uint8Array;
  /** Bytes that are announced and never sent. */
  readonly unsent?: number;
}

export interface GatewayFixture extends Endpoint {
  readonly schema: Schema;
  readonly calls: readonly ReceivedCall[];
  /** Where its backend is, for `upstream` of another gateway. */
  readonly backend: string;
  /** For every method, instead of its handler, until called again without an argument. */
  answerWith(answer?: Answer): void;
  request(request: HttpRequest): Promise<RawResponse>;
  /** Sends and leaves the connection open, for clients that go away. */
  open(request: HttpRequest): Promise<RawConnection>;
  /** As the admin listener has them. */
  metrics(): string;
  /** Resolves with the next call the backend gets. */
  nextCall(): Promise<ReceivedCall>;
  close(): Promise<void>;
}

export interface LoadedSource {
  readonly project: Project | undefined;
  /** As `sluice check` prints them, without the folder. */
  readonly problems: readonly string[];
}

/** Never throws for what the source says. */
export async function loadSource({ protos, yaml = "", profile = "strict" }: ProjectSource): Promise<LoadedSource> {
  const folder = createFolder();
  try {
    for (const [path, text] of Object.entries(typeof protos === "string" ? { "test.proto": protos } : protos))
      folder.write(`protos/${path}`, text);
    const config = folder.write("sluice.yaml", yaml);
    const inputs = [`${folder.path}/protos`];
    const argv = ["--config", config, "--profile", profile, "--listen", "127.0.0.1:0", "--admin", "off"];
    const flags = parseFlags(findCommand("serve")!, [...inputs, ...argv, "--upstream", "127.0.0.1:1"]);
    const silent = { write: () => {} };
    const terminal = createTerminal({ stdout: silent, stderr: silent, environment: {} });
    const { project, diagnostics } = await loadProject(flags, inputs, terminal, () => Promise.resolve([]));
    const problems = diagnostics.map((found) =>
      formatDiagnostic(found).replaceAll(`${folder.path}/`, "").replaceAll("protos/", ""),
    );
    return { project, problems };
  } finally {
    folder.dispose();
  }
}

/** Throws for a source that cannot be served. */
export async function startGateway(source: GatewaySource): Promise<GatewayFixture> {
  const { project, problems } = source.loaded ?? (await loadSource(source));
  if (project === undefined) throw new Error(`the gateway does not start:\n${problems.join("\n")}`);
  const { schema } = project;
  const calls: ReceivedCall[] = [];
  let scripted: Answer | undefined;
  let waiting: ((call: ReceivedCall) => void)[] = [];
  const backend = await startBackend(
    toHandlers(schema, (call) => {
      calls.push(call);
      for (const resolve of waiting) resolve(call);
      waiting = [];
      return scripted ?? source.handlers?.[call.method]?.(call) ?? { kind: "reply", message: "{}" };
    }),
  );
  const upstreams = [{ service: undefined, target: source.upstream ?? backend.target, tls: undefined }];
  const config = { ...project.config, upstreams };
  const isShed = /^shedding:/m.test(source.yaml ?? "");
  const gateway = createGateway({ ...project, config: isShed ? config : unshed(config) }, source.options);
  const endpoint = await gateway.listen();

  const open = async (request: HttpRequest): Promise<RawConnection> => {
    const connection = await openRaw(endpoint);
    connection.send(toBytes(request));
    return connection;
  };
  return {
    ...endpoint,
    schema,
    calls,
    backend: backend.target,
    answerWith: (answer) => (scripted = answer),
    open,
    async request(request) {
      const connection = await open(request);
      try {
        return await connection.response(request.method === "HEAD");
      } finally {
        connection.close();
      }
    },
    metrics: () => gateway.metrics(),
    nextCall: () => new Promise((resolve) => waiting.push(resolve)),
    async close() {
      await Promise.all([gateway.close(), backend.close()]);
    },
  };
}

/** The message of one type as the protobuf bytes a client would send. */
export function toMessage(schema: Schema, type: string, json: string): Buffer {
  return Buffer.from(compileJsonReader(messageOf(schema, type), schema, strictJson)(Buffer.from(json)));
}

/** ProtoJSON, unset fields left out; readable failures are worth more than exceptions here. */
export function fromMessage(schema: Schema, type: MessageType, bytes: Uint8Array): string {
  try {
    return compileJsonWriter(type, schema, { ...strictJson, emitDefaults: false, unresolvedAny: "base64" })(
      bytes,
    ).toString();
  } catch (error) {
    return `not a ${type.name}: ${Buffer.from(bytes).toString("hex")} (${String(error)})`;
  }
}

function toHandlers(schema: Schema, answer: (call: ReceivedCall) => Answer | Promise<Answer>): BackendHandlers {
  const methods = schema.services.flatMap((service) => service.methods);
  const unary = (method: Method) => async (bytes: Buffer, call: BackendCall) =>
    finish(schema, method, await answer(receive(schema, method, [bytes], call)), call);
  return Object.fromEntries(
    methods.map((method) => [
      method.path,
      method.kind === "unary" ? unary(method) : { stream: (call) => serveStream(schema, method, call, answer) },
    ]),
  );
}

/** Answers when the client has sent everything. */
function serveStream(
  schema: Schema,
  method: Method,
  call: ServerDuplexStream<Buffer, Buffer>,
  answer: (call: ReceivedCall) => Answer | Promise<Answer>,
): void {
  const received: Buffer[] = [];
  const deadline = call.getDeadline();
  const head = {
    metadata: new Map(Object.entries(call.metadata.toJSON())),
    deadline: Number(deadline),
    cancelled: new Promise<void>((resolve) => call.once("cancelled", () => resolve())),
  };
  const respond = async (): Promise<void> => {
    const answered = await answer(receive(schema, method, received, head));
    if (answered.kind === "silence") return;
    const { messages, headers = [], trailers = [], failure } = toStream(answered);
    if (headers.length > 0 || messages.length > 0) call.sendMetadata(toMetadata(headers));
    for (const message of messages)
      call.write(Buffer.from(typeof message === "string" ? toMessage(schema, method.output.name, message) : message));
    if (failure === undefined) call.end(toMetadata(trailers));
    else {
      const error = new BackendError(failure.code, failure.message, toStatusBytes(schema, failure));
      call.emit("error", toStatus(error, toMetadata(trailers)));
    }
  };
  call.on("data", (message: Buffer) => received.push(message));
  call.on("end", () => void respond());
}

type StreamAnswer = Extract<Answer, { kind: "stream" }>;

function toStream(answer: Exclude<Answer, { kind: "silence" }>): StreamAnswer {
  if (answer.kind === "stream") return answer;
  if (answer.kind === "reply") return { ...answer, kind: "stream", messages: [answer.message] };
  return { kind: "stream", messages: [], trailers: answer.trailers ?? [], failure: answer };
}

function toMetadata(entries: readonly MetadataEntry[]): Metadata {
  const metadata = new Metadata();
  for (const [name, value] of entries) metadata.add(name, toValue(name, value));
  return metadata;
}

type CallHead = Pick<BackendCall, "metadata" | "deadline" | "cancelled">;

function receive(schema: Schema, method: Method, messages: readonly Buffer[], call: CallHead): ReceivedCall {
  return {
    method: method.path.slice(1),
    message: messages.map((bytes) => fromMessage(schema, method.input, bytes)).join(" "),
    bytes: Buffer.concat(messages),
    metadata: [...call.metadata].flatMap(([name, values]) =>
      values.map((value) => [name, typeof value === "string" ? value : value.toString("base64")] as const),
    ),
    timeLeft: call.deadline - Date.now(),
    cancelled: call.cancelled,
  };
}

async function finish(schema: Schema, method: Method, answer: Answer, call: BackendCall): Promise<Uint8Array> {
  if (answer.kind === "silence") return new Promise<never>(() => {});
  if (answer.kind === "stream")
    throw new BackendError(13, `the test answers ${method.name}, a unary method, with a stream`);
  for (const [name, value] of answer.trailers ?? []) call.trailer(name, toValue(name, value));
  if (answer.kind === "status") throw new BackendError(answer.code, answer.message, toStatusBytes(schema, answer));
  for (const [name, value] of answer.headers ?? []) call.header(name, toValue(name, value));
  return typeof answer.message === "string" ? toMessage(schema, method.output.name, answer.message) : answer.message;
}

function toValue(name: string, value: string): string | Buffer {
  return name.endsWith("-bin") ? Buffer.from(value, "base64") : value;
}

function toStatusBytes(
  schema: Schema,
  { code, message, details }: Extract<Answer, { kind: "status" }>,
): Buffer | undefined {
  if (details === undefined || details.length === 0) return undefined;
  const head = toMessage(schema, "google.rpc.Status", JSON.stringify({ code, message }));
  return Buffer.concat([head, ...details.map((detail) => lengthField(3, toAny(schema, detail)))]);
}

function toAny(schema: Schema, json: string): Buffer {
  const { "@type": typeUrl, value } = JSON.parse(json) as { "@type": string; value?: string };
  if (schema.message(typeUrl.slice(typeUrl.lastIndexOf("/") + 1)) !== undefined)
    return toMessage(schema, "google.protobuf.Any", json);
  return Buffer.concat([lengthField(1, Buffer.from(typeUrl)), lengthField(2, Buffer.from(value ?? "", "base64"))]);
}

function lengthField(number: number, bytes: Buffer): Buffer {
  const head = [(number << 3) | 2];
  let rest = bytes.length;
  for (; rest > 0x7f; rest >>>= 7) head.push((rest & 0x7f) | 0x80);
  return Buffer.concat([Buffer.from([...head, rest]), bytes]);
}

function messageOf(schema: Schema, name: string): MessageType {
  const type = schema.message(name);
  if (type === undefined) throw new Error(`the schema has no message ${name}`);
  return type;
}

function toBytes({ method, target, headers = [], body = "", unsent = 0 }: HttpRequest): Buffer {
  const bytes = Buffer.from(body);
  const has = (name: string): boolean => headers.some((line) => line.toLowerCase().startsWith(`${name}:`));
  const lines = [`${method} ${target} HTTP/1.1`, ...(has("host") ? [] : ["Host: localhost"]), ...headers];
  const length = bytes.length + unsent;
  if (length > 0 && !has("content-length") && !has("transfer-encoding")) lines.push(`Content-Length: ${length}`);
  return Buffer.concat([Buffer.from(`${lines.join("\r\n")}\r\n\r\n`), bytes]);
}
