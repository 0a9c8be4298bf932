// What every subject must answer before it is timed, asked with clients of Node's own.
import assert from "node:assert/strict";
import { connect } from "node:http2";
import type { OutgoingHttpHeaders } from "node:http2";
import {
  framed,
  item,
  itemMethod,
  itemPath,
  itemRequest,
  itemRest,
  order,
  orderPath,
} from "../corpus/load-messages.ts";

/** Rejects when the answer is not what all subjects have to give; the message says what came instead. */
export type Check = (port: number) => Promise<void>;

export function checkGet(path: string = itemPath, headers: Readonly<Record<string, string>> = {}): Check {
  return async (port) => {
    const signal = AbortSignal.timeout(5000);
    const response = await fetch(`http://127.0.0.1:${port}${path}`, { headers, signal });
    assertJson(response.status, await response.text(), item);
  };
}

export function checkEcho(lines: number): Check {
  return async (port) => {
    const response = await fetch(`http://127.0.0.1:${port}${orderPath}`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify(order(lines)),
      signal: AbortSignal.timeout(5000),
    });
    assertJson(response.status, await response.text(), order(lines));
  };
}

export const checkHttp2Get: Check = async (port) => {
  const answer = await askHttp2(port, { ":path": itemPath }, undefined);
  assertJson(answer.status, answer.body.toString(), item);
};

export const checkGrpc: Check = async (port) => {
  const headers = { ":path": itemMethod, ":method": "POST", "content-type": "application/grpc", te: "trailers" };
  const answer = await askHttp2(port, headers, itemRequest);
  assert.equal(answer.status, 200, `HTTP status ${answer.status}: ${clip(answer.body.toString())}`);
  assert.equal(answer.grpcStatus, "0", `grpc-status ${answer.grpcStatus}`);
  const expected = framed(Buffer.concat([itemRequest.subarray(5), itemRest]));
  assert.ok(answer.body.equals(expected), "the reply's bytes are not the backend's");
};

/** The example catalogue, asked as ghz will ask it. */
export async function checkProductOverGrpc(port: number, name: string): Promise<void> {
  const path = "/shop.v1.Catalog/GetProduct";
  const headers = { ":path": path, ":method": "POST", "content-type": "application/grpc", te: "trailers" };
  const bytes = Buffer.concat([Buffer.from([0x0a, name.length]), Buffer.from(name)]);
  const answer = await askHttp2(port, headers, framed(bytes));
  assert.equal(answer.status, 200, `HTTP status ${answer.status}: ${clip(answer.body.toString())}`);
  assert.equal(answer.grpcStatus, "0", `grpc-status ${answer.grpcStatus}`);
}

/** JSON without regard to white space and the order of fields. */
function assertJson(status: number, body: string, expected: unknown): void {
  assert.equal(status, 200, `HTTP status ${status}: ${clip(body)}`);
  assert.deepEqual(JSON.parse(body), expected, `another answer: ${clip(body)}`);
}

function clip(text: string): string {
  return text.length > 160 ? `${text.slice(0, 160)}…` : text;
}

interface Http2Answer {
  readonly status: number;
  readonly body: Buffer;
  readonly grpcStatus: string | undefined;
}

function askHttp2(port: number, headers: OutgoingHttpHeaders, body: Buffer | undefined): Promise<Http2Answer> {
  return new Promise((resolve, reject) => {
    const session = connect(`http://127.0.0.1:${port}`);
    const fail = (error: Error): void => {
      session.destroy();
      reject(new Error(`no HTTP/2 answer: ${error.message}`));
    };
    session.on("error", fail);
    session.setTimeout(5000, () => fail(new Error("nothing within 5 s")));
    const request = session.request(headers, { endStream: body === undefined });
    let status = 0;
    let grpcStatus: string | undefined;
    const parts: Buffer[] = [];
    request.on("response", (head) => {
      status = head[":status"] ?? 0;
      grpcStatus = head["grpc-status"] as string | undefined;
    });
    request.on("trailers", (trailers) => (grpcStatus = trailers["grpc-status"] as string | undefined));
    request.on("data", (part: Buffer) => parts.push(part));
    request.on("error", fail);
    request.on("close", () => {
      session.close();
      if (status === 0) fail(new Error("the stream ended without an answer"));
      else resolve({ status, body: Buffer.concat(parts), grpcStatus });
    });
    if (body !== undefined) request.end(body);
  });
}
