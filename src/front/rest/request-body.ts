// The body of a request before it is translated: its type checked before it is read, its encoding undone, its size bounded.
import { Code, GatewayError } from "../../status.ts";
import { toBodyFormat } from "../../translate/request/media-type.ts";
import type { Exchange } from "../front.ts";
import type { ReplyFormat } from "./accept.ts";
import { inflate, toContentEncoding } from "./decompress.ts";

/** Throws 415 for a body that would not be read; returns what a reply to it is best written in. */
export function checkBodyType(contentType: string | undefined): ReplyFormat {
  return toBodyFormat(contentType).kind === "protobuf" ? "protobuf" : "json";
}

/** Whether a body is announced; HTTP/2 needs no announcement, so there it may turn out empty. */
export function hasBody({ headers, httpVersion }: Exchange): boolean {
  const length = headers["content-length"];
  return length === undefined ? headers["transfer-encoding"] !== undefined || httpVersion === "2" : length !== "0";
}

/** Throws 415 at once for an encoding that is not read here; rejects with 413 and 400. */
export function readRequestBody(exchange: Exchange, limit: number): Promise<Buffer> {
  const encoding = toContentEncoding(exchange.headers["content-encoding"] as string | undefined);
  const body = exchange.readBody(limit);
  return encoding === undefined ? body : body.then((bytes) => inflate(bytes, encoding, limit));
}

/** `curl -d '{…}'` sends JSON as a form unless told otherwise: say that, not that `{…}` is no field. */
export function refuseJsonAsForm(body: Buffer, contentType: string | undefined): void {
  if (contentType === undefined || !/^application\/x-www-form-urlencoded/i.test(contentType)) return;
  if (body[0] !== 0x7b && body[0] !== 0x5b) return;
  throw new GatewayError(
    Code.INVALID_ARGUMENT,
    "the body looks like JSON but is sent as a form; add the header Content-Type: application/json",
    {
      reason: "CONTENT_TYPE_MISMATCH",
      httpStatus: 415,
    },
  );
}
