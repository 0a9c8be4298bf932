// What an ext_authz server is told of a call: envoy.service.auth.v3.CheckRequest in bytes, the fields that Envoy fills.
import type { FrontName } from "../../call.ts";
import type { AuthenticationRequest, ClientCertificate, Identity, Peer, RequestHeaders } from "../../caller.ts";
import { WireWriter } from "../../schema/descriptor/wire.ts";

export interface CheckRequestOptions {
  /** Lower case: the headers it gets to see. */
  readonly headers: readonly string[];
  readonly context: Readonly<Record<string, string>>;
}

/** Whom it is asked about. */
export interface Checked extends Pick<AuthenticationRequest, "headers" | "peer" | "source"> {
  /** `/pkg.Service/Method`. */
  readonly methodPath: string;
  readonly front: FrontName | undefined;
  readonly requestId: string | undefined;
  readonly identity: Identity | undefined;
}

/** The numbers are those of envoy/service/auth/v3/attribute_context.proto and envoy/config/core/v3/address.proto. */
export function writeCheckRequest(checked: Checked, options: CheckRequestOptions, nowMs: number): Uint8Array {
  const { peer, source } = checked;
  const attributes = new WireWriter()
    .bytesField(1, writePeer(peer, source.certificate))
    .bytesField(4, writeRequest(checked, options, nowMs));
  for (const [name, value] of listContext(checked, options)) attributes.bytesField(10, writeEntry(name, value));
  return new WireWriter().bytesField(1, attributes.finish()).finish();
}

/** AttributeContext.Peer. The principal in the order that the proto names: URI, DNS name, subject. */
function writePeer({ address, port }: Peer, certificate: ClientCertificate | undefined): Uint8Array {
  const socket = new WireWriter().stringField(2, address);
  if (port !== 0) socket.tag(3, 0).uint32(port);
  const peer = new WireWriter().bytesField(1, new WireWriter().bytesField(1, socket.finish()).finish());
  if (certificate !== undefined)
    peer.stringField(4, certificate.uris[0] ?? certificate.dnsNames[0] ?? certificate.subject);
  return peer.finish();
}

function writeRequest(checked: Checked, options: CheckRequestOptions, nowMs: number): Uint8Array {
  const seconds = Math.floor(nowMs / 1000);
  const time = new WireWriter()
    .tag(1, 0)
    .uint64(BigInt(seconds))
    .tag(2, 0)
    .uint32(Math.floor((nowMs - seconds * 1000) * 1e6));
  return new WireWriter().bytesField(1, time.finish()).bytesField(2, writeHttp(checked, options)).finish();
}

/** AttributeContext.HttpRequest: the target as it came, the query in it. */
function writeHttp({ headers, source, requestId }: Checked, options: CheckRequestOptions): Uint8Array {
  const http = new WireWriter();
  if (requestId !== undefined) http.stringField(1, requestId);
  http.stringField(2, source.method);
  for (const name of options.headers) {
    const value = readHeader(headers, name);
    if (value !== undefined) http.bytesField(3, writeEntry(name, value));
  }
  http.stringField(4, source.target);
  const host = readHeader(headers, "host") ?? readHeader(headers, ":authority");
  if (host !== undefined) http.stringField(5, host);
  http.stringField(6, source.secure ? "https" : "http");
  // -1: not known, as the body is not read yet.
  http.int32Field(9, -1);
  return http.stringField(10, source.httpVersion === "2" ? "HTTP/2" : `HTTP/${source.httpVersion}`).finish();
}

/** What the gateway itself knows goes before what is configured under the same name. */
function listContext(checked: Checked, { context }: CheckRequestOptions): ReadonlyMap<string, string> {
  const { methodPath, front, identity } = checked;
  const entries = new Map(Object.entries(context)).set("grpc_method", methodPath);
  if (front !== undefined) entries.set("front", front);
  entries.delete("principal");
  if (identity !== undefined) entries.set("principal", identity.principal);
  return entries;
}

function readHeader(headers: RequestHeaders, name: string): string | undefined {
  const value = headers[name];
  return Array.isArray(value) ? value.join(", ") : value;
}

function writeEntry(key: string, value: string): Uint8Array {
  return new WireWriter().stringField(1, key).stringField(2, value).finish();
}
