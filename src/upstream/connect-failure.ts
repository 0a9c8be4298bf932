// Why a connection to a backend came to nothing, for whoever configured the target: what to look at, then what was seen.
import { Http2Error } from "../http2/errors.ts";

/** Where it ended: before there was a socket with what TLS it takes, or on it, before the server's SETTINGS. */
export type ConnectPhase = "dial" | "speak";

/** The error itself where it says enough. */
export function explainConnectFailure(error: Error, phase: ConnectPhase, isSecure: boolean): Error {
  const advice = phase === "dial" ? adviceOnDial(error) : adviceOnSpeech(error, isSecure);
  return advice === undefined ? error : new Error(`${advice} (${error.message.trim()})`, { cause: error });
}

/** The same of what grpc-js tells, which is a text: its `phase` is in there. */
export function explainConnectText(text: string, isSecure: boolean): string {
  const known = adviceByText.find(([pattern]) => pattern.test(text))?.[1];
  const advice = typeof known === "function" ? known(isSecure) : known;
  return advice === undefined ? text : `${advice} (${text})`;
}

const noTls = "the server does not speak TLS: call it without";
const otherName = "the server's certificate has another name: tls.server_name says which is meant";
const unknownAuthority = "the server's certificate is of no authority trusted here: tls.ca names one";

/** By Node's code of the error; OpenSSL has two names for an answer that is no TLS record. */
const adviceByCode: ReadonlyMap<string, string> = new Map([
  ["ERR_SSL_WRONG_VERSION_NUMBER", noTls],
  ["ERR_SSL_PACKET_LENGTH_TOO_LONG", noTls],
  ["ERR_TLS_CERT_ALTNAME_INVALID", otherName],
]);

/** By what OpenSSL, Node and grpc-js write. */
const adviceByText: readonly (readonly [pattern: RegExp, advice: string | ((isSecure: boolean) => string)])[] = [
  [/:(?:wrong version number|packet length too long):/, noTls],
  [/ERR_TLS_CERT_ALTNAME_INVALID/, otherName],
  [
    /^(?:unable to (?:verify the first|get (?:local )?issuer) certificate|self[- ]signed certificate)/,
    unknownAuthority,
  ],
  [/^Protocol error$/, noHttp2],
  [/^(?:Failed to connect|read ECONNRESET)$|alert certificate required:/, hungUp],
];

/** OpenSSL's verdicts on a chain that ends nowhere. */
const untrusted = /^(?:UNABLE_TO_(?:VERIFY_LEAF|GET_ISSUER)|SELF_SIGNED_CERT|DEPTH_ZERO_SELF_SIGNED)/;

function adviceOnDial({ code = "" }: NodeJS.ErrnoException): string | undefined {
  if (untrusted.test(code)) return unknownAuthority;
  return adviceByCode.get(code);
}

function adviceOnSpeech(error: Error, isSecure: boolean): string {
  return error instanceof Http2Error ? noHttp2(isSecure) : hungUp(isSecure);
}

function noHttp2(isSecure: boolean): string {
  return `the server does not answer in HTTP/2: is it a gRPC server${isSecure ? "" : ", and one without TLS"}?`;
}

function hungUp(isSecure: boolean): string {
  return `the server closed the connection before it spoke HTTP/2: does it want ${isSecure ? "a client certificate" : "TLS"}?`;
}
