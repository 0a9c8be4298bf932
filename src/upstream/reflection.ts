// Asks a running backend for its protos by gRPC server reflection (v1, else v1alpha); before serving, never per request.
import type { Handler, MessageReader, StreamReply } from "../call.ts";
import { Cancellation } from "../cancellation.ts";
import { emptyMetadata } from "../metadata.ts";
import type { MessageType, Method, Service } from "../schema/descriptor.ts";
import { Code, codeName, GatewayError } from "../status.ts";
import {
  readFileHead,
  readReflectionResponse,
  type ReflectionRequest,
  type ReflectionResponse,
  writeReflectionRequest,
} from "./reflection-wire.ts";

export interface ReflectionOptions {
  readonly timeoutMs: number;
}

/** More than any real backend has; a hostile one must not fill the memory. */
const maxFiles = 10_000;
const maxBytes = 64 * 1024 * 1024;
const maxServices = 10_000;

/** Infrastructure of the backend, not its API. */
const isInternal = (service: string): boolean =>
  service.startsWith("grpc.reflection.") || service === "grpc.health.v1.Health";

/**
 * Every service's file and all they import, as google.protobuf.FileDescriptorProto bytes, each once, in no particular
 * order. Imports the backend does not know itself are left out (the well-known ones are bundled with the gateway).
 * Rejects with GatewayError: REFLECTION_MISSING tells what to enable, REFLECTION_FAILED what went wrong.
 */
export async function fetchDescriptors(
  backend: Pick<Handler, "stream">,
  { timeoutMs }: ReflectionOptions,
): Promise<readonly Uint8Array[]> {
  const deadline = performance.now() + timeoutMs;
  for (const version of ["v1", "v1alpha"]) {
    const session = openSession(backend, version, deadline);
    try {
      return await collect(session);
    } catch (error) {
      const failure = GatewayError.from(error);
      if (failure.code !== Code.UNIMPLEMENTED) throw failure;
    } finally {
      session.close();
    }
  }
  throw new GatewayError(
    Code.FAILED_PRECONDITION,
    "the backend does not offer gRPC server reflection (neither grpc.reflection.v1 nor v1alpha); register the reflection service there, or give the gateway the .proto files or a descriptor set",
    { reason: "REFLECTION_MISSING" },
  );
}

async function collect(session: Session): Promise<readonly Uint8Array[]> {
  const listed = await session.ask({ kind: "list-services" });
  if (listed.kind !== "services") throw reflectionFailed(`listing the services failed${describe(listed)}`);
  if (listed.names.length > maxServices) throw reflectionFailed(`the backend lists more than ${maxServices} services`);
  const found = new Found();
  for (const symbol of new Set(listed.names)) {
    if (isInternal(symbol)) continue;
    const response = await session.ask({ kind: "file-containing-symbol", symbol });
    if (response.kind !== "files")
      throw reflectionFailed(
        `the backend lists the service ${symbol} but has no descriptor of it${describe(response)}`,
      );
    found.add(response.files);
  }
  for (let name = found.nextMissing(); name !== undefined; name = found.nextMissing()) {
    const response = await session.ask({ kind: "file-by-filename", name });
    if (response.kind === "files") found.add(response.files);
    else if (response.kind !== "error" || response.code !== Code.NOT_FOUND) {
      throw reflectionFailed(`the backend did not send the file "${name}"${describe(response)}`);
    }
  }
  return found.files();
}

/** Descriptor files by name, and the imports still to be asked for. */
class Found {
  readonly #files = new Map<string, Uint8Array>();
  readonly #imports: string[] = [];
  readonly #known = new Set<string>();
  #bytes = 0;

  add(files: readonly Uint8Array[]): void {
    for (const file of files) {
      const { name, imports } = readHead(file);
      if (this.#files.has(name)) continue;
      this.#bytes += file.length;
      this.#files.set(name, file);
      if (this.#files.size > maxFiles || this.#bytes > maxBytes) {
        throw reflectionFailed(`the backend's protos are more than ${maxFiles} files or ${maxBytes / 1024 / 1024} MiB`);
      }
      for (const imported of imports) this.#want(imported);
    }
  }

  nextMissing(): string | undefined {
    for (;;) {
      const name = this.#imports.pop();
      if (name === undefined || !this.#files.has(name)) return name;
    }
  }

  files(): readonly Uint8Array[] {
    return [...this.#files.values()];
  }

  #want(name: string): void {
    if (this.#known.has(name)) return;
    if (this.#known.size >= maxFiles) throw reflectionFailed(`the backend's protos import more than ${maxFiles} files`);
    this.#known.add(name);
    this.#imports.push(name);
  }
}

function readHead(file: Uint8Array): ReturnType<typeof readFileHead> {
  try {
    return readFileHead(file);
  } catch (error) {
    throw reflectionFailed("the backend sent a malformed file descriptor", error);
  }
}

interface Session {
  ask(request: ReflectionRequest): Promise<ReflectionResponse>;
  close(): void;
}

function openSession(backend: Pick<Handler, "stream">, version: string, deadline: number): Session {
  const requests = new RequestQueue();
  const cancellation = new Cancellation();
  const reply: StreamReply = backend.stream({
    kind: "stream",
    method: reflectionMethod(`grpc.reflection.${version}.ServerReflection`),
    metadata: emptyMetadata,
    deadline,
    cancellation,
    peer: { address: "", port: 0 },
    messages: requests,
  });
  return {
    ask: async (request) => {
      requests.push(writeReflectionRequest(request));
      const bytes = await reply.messages.read();
      if (bytes === undefined) throw reflectionFailed("the backend ended the reflection stream early");
      try {
        return readReflectionResponse(bytes);
      } catch (error) {
        throw reflectionFailed("the backend sent a malformed reflection response", error);
      }
    },
    close: () => {
      requests.end();
      cancellation.cancel(new GatewayError(Code.CANCELLED, "reflection is done"));
    },
  };
}

/** One request at a time: the next is written when the last has been answered. */
class RequestQueue implements MessageReader {
  readonly #messages: Uint8Array[] = [];
  #isEnded = false;
  #wake: (() => void) | undefined;

  push(message: Uint8Array): void {
    this.#messages.push(message);
    this.#wake?.();
  }

  end(): void {
    this.#isEnded = true;
    this.#wake?.();
  }

  async read(): Promise<Uint8Array | undefined> {
    while (this.#messages.length === 0 && !this.#isEnded) {
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
    return this.#messages.shift();
  }
}

function describe(response: ReflectionResponse): string {
  return response.kind === "error" ? `: ${codeName(response.code)}: ${response.message.slice(0, 500)}` : "";
}

function reflectionFailed(message: string, cause?: unknown): GatewayError {
  return new GatewayError(Code.FAILED_PRECONDITION, message, { reason: "REFLECTION_FAILED", cause });
}

/** The one method that is called without a schema; nothing but its path and service name is looked at on the way. */
function reflectionMethod(serviceName: string): Method {
  const position = { file: "grpc/reflection.proto", line: 1, column: 1 };
  const declared = { position, comment: "", options: new Map(), optionPosition: () => position, deprecated: false };
  const message = (name: string): MessageType => ({
    ...declared,
    kind: "message",
    name,
    fields: [],
    extensions: [],
    oneofs: [],
    isMapEntry: false,
    isMessageSet: false,
    field: () => undefined,
  });
  const service: Service = { ...declared, kind: "service", name: serviceName, methods: [] };
  return {
    ...declared,
    name: `${serviceName}.ServerReflectionInfo`,
    localName: "ServerReflectionInfo",
    path: `/${serviceName}/ServerReflectionInfo`,
    service,
    input: message("grpc.reflection.ServerReflectionRequest"),
    output: message("grpc.reflection.ServerReflectionResponse"),
    kind: "bidi-streaming",
    idempotency: "no-side-effects",
  };
}
