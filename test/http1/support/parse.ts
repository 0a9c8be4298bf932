// The same bytes read by the engine and by node:http (llhttp): the requests each of them saw, whole, and how it ended.
import { createServer } from "node:http";
import type { IncomingMessage, ServerResponse } from "node:http";
import { Duplex } from "node:stream";
import { createHttp1Connection } from "../../../src/http1/connection.ts";
import type { Http1Limits, Http1Request } from "../../../src/http1/contract.ts";
import type { FailureCode } from "../../../src/http1/failure.ts";
import { FakeSocket } from "./fake-socket.ts";

export interface SeenRequest {
  readonly method: string;
  readonly target: string;
  readonly version: string;
  readonly headers: readonly string[];
  readonly body: string;
}

export interface Outcome {
  readonly requests: readonly SeenRequest[];
  /** Why nothing more was read; undefined when all was, or the rest is still to come. */
  readonly failure: string | undefined;
}

export const limits: Http1Limits = {
  maxHeaderBytes: 4096,
  maxHeaderCount: 64,
  maxUrlBytes: 1024,
  headersTimeoutMs: 1000,
  requestTimeoutMs: 1000,
  keepAliveTimeoutMs: 1000,
  stallTimeoutMs: 1000,
};

/** Reads every body to its end, then answers. */
export function parseWithEngine(
  pieces: readonly Uint8Array[],
): Outcome & { readonly failure: FailureCode | undefined } {
  const requests: SeenRequest[] = [];
  let failure: FailureCode | undefined;
  const socket = new FakeSocket();
  createHttp1Connection(socket.duplex, limits, {
    onRequest: (request) =>
      collect(
        request,
        (body) => requests.push(seen(request, body)),
        (code) => (failure = code),
      ),
    onFailure: ({ code }) => {
      failure = code;
      return { status: 400, headers: [], body: Buffer.alloc(0) };
    },
    onClose: () => {},
  });
  socket.give(...pieces);
  socket.destroy();
  return { requests, failure };
}

function collect(request: Http1Request, onBody: (body: string) => void, onFailure: (code: FailureCode) => void): void {
  const chunks: Buffer[] = [];
  const done = (): void => {
    onBody(Buffer.concat(chunks).toString("latin1"));
    request.respond(200, [], undefined);
  };
  request.handlers = {
    onData: (chunk) => chunks.push(chunk),
    onEnd: done,
    onFailure: ({ code }) => onFailure(code),
    onGone: () => {},
    onDrain: () => {},
  };
  if (request.isReceived) done();
  else request.read();
}

function seen({ method, target, minorVersion, block }: Http1Request, body: string): SeenRequest {
  return { method, target, version: `1.${minorVersion}`, headers: block.rawHeaders, body };
}

/** A connection to a server, in memory: gives it the bytes, then the end. */
class InMemory extends Duplex {
  readonly #bytes: Buffer;

  constructor(bytes: Buffer) {
    super({ allowHalfOpen: false });
    this.#bytes = bytes;
  }

  override _read(): void {
    this.push(this.#bytes);
    this.push(null);
  }

  override _write(_chunk: unknown, _encoding: unknown, done: () => void): void {
    done();
  }
}

export async function parseWithNode(bytes: Buffer): Promise<Outcome> {
  const requests: SeenRequest[] = [];
  let failure: string | undefined;
  const onRequest = (request: IncomingMessage, response: ServerResponse): void => {
    const chunks: Buffer[] = [];
    request.on("data", (chunk: Buffer) => chunks.push(chunk));
    request.on("error", () => {});
    request.on("end", () => {
      const { method = "", url = "", httpVersion, rawHeaders } = request;
      const body = Buffer.concat(chunks).toString("latin1");
      requests.push({ method, target: url, version: httpVersion, headers: rawHeaders, body });
      response.end();
    });
  };
  const server = createServer({ maxHeaderSize: 8192, requireHostHeader: false, insecureHTTPParser: false });
  server.maxHeadersCount = 0;
  for (const event of ["request", "checkContinue", "checkExpectation"]) server.on(event, onRequest);
  server.on("connect", (_request, socket) => {
    failure = "connect";
    socket.destroy();
  });
  const socket = new InMemory(bytes);
  const closed = new Promise<void>((resolve) => {
    server.on("clientError", (error: NodeJS.ErrnoException) => {
      // The end in the middle of a request says nothing about what came before.
      if (error.code !== "HPE_INVALID_EOF_STATE") failure ??= error.code;
      // What was read before is still to be handed out.
      setImmediate(() => socket.destroy());
    });
    socket.on("error", () => {});
    socket.on("close", resolve);
  });
  server.emit("connection", socket);
  await closed;
  return { requests, failure };
}
