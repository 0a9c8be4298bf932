// A backend for every service of the protos: answers with the bytes of the request, or as the request's metadata wishes.
import { Metadata } from "@grpc/grpc-js";
import type { ServerDuplexStream } from "@grpc/grpc-js";
import type { Method } from "../../src/schema/descriptor.ts";
import { loadSchema } from "../../src/schema/load/load.ts";
import { BackendError, startBackend, toStatus } from "../support/backend.ts";
import type { BackendCall, BackendHandlers, StreamBackend, UnaryBackend } from "../support/backend.ts";

export interface EchoBackend {
  readonly port: number;
  close(): Promise<void>;
}

export async function startEchoBackend(protos: readonly string[], importPath: string): Promise<EchoBackend> {
  const { schema, diagnostics } = loadSchema({ inputs: protos, importPaths: [importPath] });
  if (schema === undefined) throw new Error(diagnostics.map(({ message }) => message).join("\n"));
  const methods = schema.services.flatMap((service) => service.methods);
  const handlers: BackendHandlers = Object.fromEntries(
    methods.map((method) => [method.path, method.kind === "unary" ? answer : streamed(method)]),
  );
  const backend = await startBackend(handlers);
  return { port: Number(backend.target.split(":").at(-1)), close: () => backend.close() };
}

/** Set by the transport of either gateway, and their own business. */
const transportNames: ReadonlySet<string> = new Set([
  "user-agent",
  "accept-encoding",
  "grpc-accept-encoding",
  "content-type",
  "te",
]);

/**
 * `show: metadata` sends back what arrived; `fail-code`, `fail-message` and `fail-details-bin` end the call that way;
 * `header-x` and `trailer-x` become metadata `x` of the answer; `show: deadline` tells whether there is one.
 */
const answer: UnaryBackend = (message, call) => {
  const { metadata } = call;
  const first = (name: string): string | undefined => metadata.get(name)?.[0] as string | undefined;
  for (const [name, values] of metadata) {
    for (const value of values) {
      if (name.startsWith("header-")) call.header(name.slice("header-".length), value);
      if (name.startsWith("trailer-")) call.trailer(name.slice("trailer-".length), value);
    }
  }
  if (first("show") === "metadata") showMetadata(call);
  if (first("show") === "deadline") call.header("has-deadline", String(Number.isFinite(call.deadline)));
  const code = first("fail-code");
  if (code !== undefined) {
    const details = metadata.get("fail-details-bin")?.[0] as Buffer | undefined;
    throw new BackendError(Number(code), first("fail-message") ?? "failed as asked", details);
  }
  return message;
};

/**
 * Each message goes back as it came, `repeat` times; of a client stream the last one does, in the end. Metadata as above, and
 * `fail-at: start` fails before anything is sent, even headers.
 */
function streamed({ kind }: Method): StreamBackend {
  return {
    stream: (call) => {
      const first = (name: string): string | undefined => call.metadata.get(name)[0] as string | undefined;
      const messages: Buffer[] = [];
      const failure = first("fail-code");
      if (failure !== undefined && first("fail-at") === "start") {
        call.emit("error", toStatus(new BackendError(Number(failure), first("fail-message") ?? "failed as asked")));
        return;
      }
      sendHeaders(call);
      call.on("data", (message: Buffer) => {
        messages.push(message);
        if (kind === "client-streaming") return;
        for (let times = Number(first("repeat") ?? 1); times > 0; times--) call.write(message);
      });
      call.on("end", () => endStream(call, kind === "client-streaming" ? messages.at(-1) : undefined));
    },
  };
}

function sendHeaders(call: ServerDuplexStream<Buffer, Buffer>): void {
  const headers = new Metadata();
  for (const [name, values] of Object.entries(call.metadata.toJSON())) {
    for (const value of values) if (name.startsWith("header-")) headers.add(name.slice("header-".length), value);
  }
  call.sendMetadata(headers);
}

function endStream(call: ServerDuplexStream<Buffer, Buffer>, last: Buffer | undefined): void {
  const first = (name: string): string | Buffer | undefined => call.metadata.get(name)[0];
  const trailers = new Metadata();
  for (const [name, values] of Object.entries(call.metadata.toJSON())) {
    for (const value of values) if (name.startsWith("trailer-")) trailers.add(name.slice("trailer-".length), value);
  }
  const code = first("fail-code");
  if (code !== undefined) {
    const details = first("fail-details-bin") as Buffer | undefined;
    const message = (first("fail-message") as string | undefined) ?? "failed as asked";
    call.emit("error", toStatus(new BackendError(Number(code), message, details), trailers));
    return;
  }
  if (last !== undefined) call.write(last);
  call.end(trailers);
}

function showMetadata(call: BackendCall): void {
  for (const [name, values] of call.metadata) {
    if (transportNames.has(name)) continue;
    for (const value of values) call.header(`got-${name}`, value);
  }
}
