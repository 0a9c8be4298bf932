// realtime.v1.Upload: streams from the client, and a download in pieces.
import { createHash } from "node:crypto";
import { status } from "@grpc/grpc-js";
import type { sendUnaryData, ServerReadableStream, ServerWritableStream } from "@grpc/grpc-js";
import { invalidArgument, notFound, RpcError, toStatusObject } from "./rpc-error.ts";
import type { ServiceSource } from "./serve.ts";
import type { HttpBody } from "./shop.ts";

interface PutFileRequest {
  readonly name: string;
  readonly content: HttpBody | null;
}

interface Measurement {
  readonly sensor: string;
  readonly value: number;
}

const maxFileBytes = 16 * 1024 * 1024;
const maxFiles = 100;
const pieceBytes = 64 * 1024;

export function createUpload(): ServiceSource {
  const files = new Map<string, HttpBody>();
  return {
    service: "realtime.v1.Upload",
    file: "realtime/v1/upload.proto",
    implementation: {
      PutFile: answerOnce((requests: AsyncIterable<PutFileRequest>) => putFile(files, requests)),
      GetFile: (call: ServerWritableStream<{ name: string }, HttpBody>) => getFile(files, call),
      Record: answerOnce(summarize),
    },
  };
}

/** A client-streaming handler from an async function over the stream's messages. */
function answerOnce<Request, Reply>(answer: (requests: AsyncIterable<Request>) => Promise<Reply>) {
  return (call: ServerReadableStream<Request, Reply>, callback: sendUnaryData<Reply>): void => {
    void (async () => {
      try {
        callback(null, await answer(call));
      } catch (error) {
        if (call.cancelled) callback({ code: status.CANCELLED, details: "the caller has gone" });
        else callback(toStatusObject(error));
      }
    })();
  };
}

async function putFile(files: Map<string, HttpBody>, requests: AsyncIterable<PutFileRequest>): Promise<object> {
  let name: string | undefined;
  let contentType = "";
  let size = 0;
  const pieces: Buffer[] = [];
  for await (const request of requests) {
    name ??= readFileName(request.name);
    if (pieces.length === 0) contentType = request.content?.content_type || "application/octet-stream";
    const piece = request.content?.data ?? Buffer.alloc(0);
    size += piece.length;
    if (size > maxFileBytes) throw new RpcError(status.OUT_OF_RANGE, `a file may have at most ${maxFileBytes} bytes`);
    pieces.push(piece);
  }
  if (name === undefined) throw invalidArgument("name", "is missing: the stream had no message");
  if (!files.has(name) && files.size >= maxFiles)
    throw new RpcError(status.RESOURCE_EXHAUSTED, "there is no room for more files");
  const data = Buffer.concat(pieces);
  files.set(name, { content_type: contentType, data });
  const sha256 = createHash("sha256").update(data).digest();
  return { name, content_type: contentType, size_bytes: String(size), pieces: pieces.length, sha256 };
}

function readFileName(name: string): string {
  if (!/^files\/[\w.-]{1,100}$/.test(name)) {
    throw invalidArgument("name", "must be files/ and 1 to 100 letters, digits, dots, _ and -");
  }
  return name;
}

function getFile(files: Map<string, HttpBody>, call: ServerWritableStream<{ readonly name: string }, HttpBody>): void {
  const file = files.get(call.request.name);
  if (file === undefined) call.emit("error", toStatusObject(notFound("realtime.v1.File", call.request.name)));
  else sendPieces(toPieces(file), call);
}

/** Waits for the reader when it is slow. */
function sendPieces(pieces: Iterator<HttpBody>, call: ServerWritableStream<unknown, HttpBody>): void {
  if (call.cancelled) return;
  for (let piece = pieces.next(); ; piece = pieces.next()) {
    if (piece.done === true) return void call.end();
    if (!call.write(piece.value)) return void call.once("drain", () => sendPieces(pieces, call));
  }
}

function* toPieces(file: HttpBody): Generator<HttpBody> {
  for (let start = 0; start === 0 || start < file.data.length; start += pieceBytes) {
    yield { content_type: file.content_type, data: file.data.subarray(start, start + pieceBytes) };
  }
}

async function summarize(measurements: AsyncIterable<Measurement>): Promise<object> {
  let sensor: string | undefined;
  let count = 0;
  let sum = 0;
  let min = Infinity;
  let max = -Infinity;
  for await (const measurement of measurements) {
    sensor ??= measurement.sensor;
    count += 1;
    sum += measurement.value;
    min = Math.min(min, measurement.value);
    max = Math.max(max, measurement.value);
  }
  if (sensor === undefined) throw invalidArgument("sensor", "is missing: the stream had no message");
  return { sensor, count, min, max, mean: sum / count };
}
