// gRPC server reflection, v1 and v1alpha, out of the loaded schema: clients such as grpcurl, ghz and buf curl need no protos then.
import type { StreamCall, StreamHandler, StreamReply } from "../call.ts";
import type { Schema } from "../schema/descriptor.ts";
import { Code, GatewayError } from "../status.ts";
import { createDescriptorIndex, type DescriptorFile, type DescriptorIndex } from "./descriptor-index.ts";
import type { OwnHandlers } from "./health.ts";
import { ownMethod, reflectionServices } from "./own-protos.ts";
import {
  type ReflectionAnswer,
  readReflectionRequest,
  type ReflectionQuestion,
  writeReflectionResponse,
} from "./reflection-wire.ts";
import { failedReply, openReply, type OwnStream, shuttingDown } from "./reply-stream.ts";

/** Of a request: it holds one name, and comes back with the answer. */
const maxRequestBytes = 16_384;
/**
 * Of the files in one answer: below the 4 MiB that gRPC clients take for a message. Imports that do not fit are left for
 * the client to ask for by name.
 */
const maxAnswerBytes = 3_145_728;

/** `own` is the schema of the gateway's services, these among them. */
export function createReflection(own: Schema, schema: Schema): OwnHandlers {
  const names = [...new Set([...schema.services, ...own.services].map(({ name }) => name))].sort();
  let index: Promise<DescriptorIndex> | undefined;
  const streams = new Set<OwnStream>();
  let isStopped = false;

  const info = (call: StreamCall): StreamReply => {
    if (isStopped) return failedReply(shuttingDown());
    let session: Session | undefined;
    const stream = openReply(call, {
      next: async () => {
        const request = await call.messages.read();
        if (request === undefined) return undefined;
        // What the user's protos say of a service wins: their files may import it.
        index ??= createDescriptorIndex([schema, own]);
        session ??= new Session(await index, names);
        return session.answer(request);
      },
      onEnd: () => queueMicrotask(() => streams.delete(stream)),
    });
    streams.add(stream);
    return stream.reply;
  };
  const paths = reflectionServices.map((service) => ownMethod(own, `${service}.ServerReflectionInfo`).path);
  return {
    unary: new Map(),
    stream: new Map<string, StreamHandler>(paths.map((path) => [path, info])),
    stop: () => {
      isStopped = true;
      for (const stream of streams) stream.end(shuttingDown());
    },
  };
}

/** One stream: each import is sent once on it, the file that was asked for every time. */
class Session {
  readonly #index: DescriptorIndex;
  readonly #services: readonly string[];
  readonly #sent = new Set<DescriptorFile>();

  constructor(index: DescriptorIndex, services: readonly string[]) {
    this.#index = index;
    this.#services = services;
  }

  /** Throws GatewayError for what is no question; what is not found is an answer. */
  answer(message: Uint8Array): Uint8Array {
    if (message.length > maxRequestBytes) {
      throw new GatewayError(Code.RESOURCE_EXHAUSTED, `a reflection request is larger than ${maxRequestBytes} bytes`, {
        reason: "MESSAGE_TOO_LARGE",
      });
    }
    const request = readReflectionRequest(message);
    if (request.question === undefined) {
      throw new GatewayError(Code.INVALID_ARGUMENT, "the reflection request asks for nothing known here", {
        reason: "REFLECTION_REQUEST_UNKNOWN",
      });
    }
    return writeReflectionResponse(request, this.#answer(request.question));
  }

  #answer(question: ReflectionQuestion): ReflectionAnswer {
    const index = this.#index;
    switch (question.kind) {
      case "list-services":
        return { kind: "services", names: this.#services };
      case "file-by-filename":
        return this.#files(index.file(question.path), `file ${quote(question.path)}`);
      case "file-containing-symbol":
        return this.#files(index.fileDeclaring(question.symbol), `symbol ${quote(question.symbol)}`);
      case "file-containing-extension": {
        const { type, number } = question;
        return this.#files(index.fileExtending(type, number), `extension ${number} of ${quote(type)}`);
      }
      default:
        return toNumbers(question.type, index.extensionNumbers(question.type));
    }
  }

  /** The file, then what it imports, nearest first, as far as it was not sent before and fits. */
  #files(root: DescriptorFile | undefined, what: string): ReflectionAnswer {
    if (root === undefined) return notFound(what);
    const files: Uint8Array[] = [];
    let bytes = 0;
    const seen = new Set([root]);
    for (const file of seen) {
      if (file === root || (!this.#sent.has(file) && bytes + file.bytes.length <= maxAnswerBytes)) {
        this.#sent.add(file);
        files.push(file.bytes);
        bytes += file.bytes.length;
      }
      // A set is walked in the order things were added, also during the walk.
      for (const path of file.imports) {
        const imported = this.#index.file(path);
        if (imported !== undefined) seen.add(imported);
      }
    }
    return { kind: "files", files };
  }
}

function toNumbers(type: string, numbers: readonly number[] | undefined): ReflectionAnswer {
  return numbers === undefined ? notFound(`type ${quote(type)}`) : { kind: "extension-numbers", type, numbers };
}

function notFound(what: string): ReflectionAnswer {
  return { kind: "error", code: Code.NOT_FOUND, message: `${what} is not in the schema` };
}

function quote(text: string): string {
  return JSON.stringify(text.slice(0, 200));
}
