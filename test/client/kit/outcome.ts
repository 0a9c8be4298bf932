// What a call of the client shows, compared with what a transcript says it shows.
import { expect } from "chai";
import type { ClientError, SingleCall, StreamCall } from "../../../src/client/client.ts";
import type { Shows } from "./transcript.ts";

/** Of an ErrorInfo, in JSON or in protobuf: the first field. */
function reasonOf(detail: unknown): string | undefined {
  const { reason, type, value } = detail as { reason?: string; type?: string; value?: Uint8Array };
  if (type !== "google.rpc.ErrorInfo" || value === undefined) return reason;
  return Buffer.from(value.subarray(2, 2 + value[1])).toString();
}

/** A failed call throws what its status says. */
export function onFailure({ code }: Shows): (error: ClientError) => unknown[] {
  return (error) => {
    expect([error.name, error.code]).to.deep.equal(["ClientError", code]);
    return [];
  };
}

/** All messages, and what `onError` makes of the end; without it an error is thrown. */
export async function drain(
  call: AsyncIterable<unknown>,
  onError?: (error: ClientError) => unknown[],
): Promise<unknown[]> {
  const messages: unknown[] = [];
  try {
    for await (const message of call) messages.push(message);
  } catch (error) {
    if (onError === undefined) throw error;
    messages.push(...onError(error as ClientError));
  }
  return messages;
}

export async function compareEnd(
  call: SingleCall<unknown> | StreamCall<unknown>,
  { code = 0, message, reason, trailers }: Shows,
): Promise<void> {
  const status = await call.status;
  expect(status.code, status.message).to.equal(code);
  if (message !== undefined) expect(status.message).to.equal(message);
  if (reason !== undefined) expect(status.details.map(reasonOf)).to.include(reason);
  if (trailers !== undefined) expect(await call.trailers).to.deep.equal(trailers);
}
