// Sends corpus requests to one gateway and says in a few lines what came of them: the refusal, or the call that was made.
import { brotliCompressSync, constants, deflateSync, gzipSync } from "node:zlib";
import { codeName } from "../../src/status.ts";
import { withoutZstd } from "../support/codings.ts";
import { startGateway } from "../support/gateway.ts";
import type { GatewayFixture } from "../support/gateway.ts";
import { openRaw } from "../support/raw-http.ts";
import type { RawConnection, RawResponse } from "../support/raw-http.ts";
import { shown, toBytes } from "./corpus-file.ts";
import { serviceProto } from "./service.ts";

interface Violation {
  readonly field?: string;
  readonly description: string;
  readonly reason?: string;
}

interface ErrorBody {
  readonly code: number;
  readonly message: string;
  readonly details: readonly {
    readonly "@type": string;
    readonly reason?: string;
    readonly fieldViolations?: readonly Violation[];
  }[];
}

const encoders = new Map<string, (body: Buffer) => Buffer>([
  ["gzip", (body) => gzipSync(body, { level: 1 })],
  ["deflate", (body) => deflateSync(body, { level: 1 })],
  ["br", (body) => brotliCompressSync(body, { params: { [constants.BROTLI_PARAM_QUALITY]: 1 } })],
]);

export const startCorpusGateway = (): Promise<GatewayFixture> => startGateway({ protos: serviceProto() });

/**
 * The lines of an input are a request line without version, headers, a blank line and the body; `!gzip` among the headers compresses
 * the body and says so, `! gzip` only compresses it.
 */
export async function playRequest(gateway: GatewayFixture, input: readonly string[]): Promise<string> {
  const blank = input.indexOf("");
  const [line, ...headers] = blank < 0 ? input : input.slice(0, blank);
  let body = blank < 0 ? Buffer.alloc(0) : toBytes(input.slice(blank + 1).join("\n"));
  const lines = [`${line} HTTP/1.1`, "Host: localhost"];
  for (const header of headers) {
    const [, space, encoding] = /^!( ?)(\w+)$/.exec(header) ?? [];
    if (encoding === undefined) lines.push(header);
    else {
      body = encoders.get(encoding)!(body);
      if (space === "") lines.push(`Content-Encoding: ${encoding}`);
    }
  }
  if (blank >= 0 && !headers.some((header) => /^content-length:/i.test(header)))
    lines.push(`Content-Length: ${body.length}`);
  const connection = await openRaw(gateway);
  const before = gateway.calls.length;
  try {
    connection.send(Buffer.concat([toBytes(`${lines.join("\r\n")}\r\n\r\n`), body]));
    const response = await connection.response(line.startsWith("HEAD "));
    return [describeAnswer(response), ...describeCalls(gateway, before)].join("\n");
  } finally {
    connection.close();
  }
}

export function describeAnswer(response: RawResponse): string {
  const { status, body } = response;
  if (status < 400) return String(status);
  const { code, message, details } = JSON.parse(body.toString()) as ErrorBody;
  const reason = details.find((detail) => detail.reason !== undefined)?.reason;
  const violations = details.flatMap((detail) => detail.fieldViolations ?? []);
  const allow = response.headers.get("allow");
  return [
    [status, codeName(code), reason].filter((part) => part !== undefined).join(" "),
    ...(allow === undefined ? [] : [`Allow: ${allow}`]),
    shown(withoutZstd(message)),
    ...describeViolations(message, violations),
  ].join("\n");
}

/** `@ field` where the message says the rest already. */
function describeViolations(message: string, violations: readonly Violation[]): string[] {
  return violations.map(({ field = "", description, reason }) =>
    violations.length === 1 && message === `${field}: ${description}`
      ? shown(`@ ${field}`)
      : shown(`- ${field}: ${description} [${reason}]`),
  );
}

function describeCalls(gateway: GatewayFixture, from: number): string[] {
  return gateway.calls
    .slice(from)
    .map(({ method, message }) => shown(`${method.slice(method.lastIndexOf("/") + 1)} ${message}`));
}

/**
 * Sends the lines as they are, each with CR LF, `⟦⟧` at the end of the last for none; then a harmless request, to see whether the
 * connection still takes one. Every answer, and whether it does.
 */
export async function playRaw(gateway: GatewayFixture, input: readonly string[]): Promise<string> {
  const connection = await openRaw(gateway);
  const before = gateway.calls.length;
  try {
    connection.send(toBytes(input.map((line) => (line.endsWith("⟦⟧") ? line : `${line}\r\n`)).join("")));
    connection.send("GET /v1/items/probe HTTP/1.1\r\nHost: localhost\r\n\r\n");
    const answers = await readAnswers(connection, gateway, before);
    const calls = describeCalls(gateway, before).filter((call) => call !== probe);
    return [...answers, ...calls].join("\n");
  } finally {
    connection.close();
  }
}

const probe = 'Get {"name":"items/probe"}';

async function readAnswers(connection: RawConnection, gateway: GatewayFixture, before: number): Promise<string[]> {
  const answers: string[] = [];
  for (;;) {
    const response = await connection.response().catch(() => undefined);
    if (response === undefined) return [...answers, "closed"];
    const isProbed = describeCalls(gateway, before).at(-1) === probe;
    if (isProbed && response.status === 200) return [...answers, "open"];
    answers.push(describeAnswer(response));
    if (response.headers.get("connection") === "close") {
      const rest = await connection.rest();
      return [...answers, rest.length === 0 ? "closed" : `closed after ${shown(rest.toString("latin1"))}`];
    }
  }
}
