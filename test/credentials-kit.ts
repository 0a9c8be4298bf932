// A gateway with `auth` in its sluice.yaml, on real sockets, and one call by each way there is.
import { once } from "node:events";
import { Client, credentials, Metadata } from "@grpc/grpc-js";
import type { ChannelCredentials, ServerDuplexStream } from "@grpc/grpc-js";
import { Sweep } from "../src/front/stream/sweep.ts";
import { createGateway } from "../src/gateway.ts";
import type { Gateway } from "../src/gateway.ts";
import type { GatewayError } from "../src/status.ts";
import { codeName } from "../src/status.ts";
import { openClient, Refused } from "./front/websocket/kit.ts";
import type { KitClient } from "./front/websocket/kit.ts";
import { startBackend } from "./support/backend.ts";
import type { UnaryBackend } from "./support/backend.ts";
import { loadSource, toMessage } from "./support/gateway.ts";
import { unshed } from "./support/unshed.ts";

const protos = `
  syntax = "proto3";
  package t;
  import "google/api/annotations.proto";
  message M { string text = 1; }
  service S {
    rpc Get(M) returns (M) { option (google.api.http) = { get: "/v1/one" }; }
    rpc Watch(M) returns (stream M) { option (google.api.http) = { get: "/v1/watch" }; }
    rpc Open(M) returns (M) { option (google.api.http) = { get: "/v1/open" }; }
  }
`;

export interface Outcome {
  /** Of the gRPC status: `OK`, `UNAUTHENTICATED`. */
  readonly code: string;
  readonly httpStatus: number | undefined;
  readonly message: string;
  /** Of ErrorInfo, where the way shows it. */
  readonly reason: string | undefined;
  /** Headers of the answer, or metadata. */
  readonly headers: Readonly<Record<string, string>>;
}

export type Headers = Readonly<Record<string, string>>;

export interface CredentialsKit {
  readonly gateway: Gateway;
  readonly port: number;
  readonly sweep: Sweep;
  readonly reports: readonly GatewayError[];
  /** Metadata that the backend got with each call, the latest last. */
  readonly received: Readonly<Record<string, unknown>>[];
  rest(headers: Headers, path?: string): Promise<Outcome>;
  grpc(headers: Headers, method?: string): Promise<Outcome>;
  /** Its first message, or its end. The stream stays open. */
  grpcStream(headers: Headers): Promise<{ readonly first: Outcome; readonly end: Promise<Outcome> }>;
  simple(headers: Headers): Promise<{ readonly first: Outcome; readonly client: KitClient | undefined }>;
  /** A multiplexed socket, and a call of Watch on it. */
  mux(headers: Headers, auth?: string): Promise<{ readonly first: Outcome; readonly client: KitClient | undefined }>;
  /** A unary or first outcome of every way, by its name. */
  everyWay(headers: Headers): Promise<Readonly<Record<string, Outcome>>>;
  close(): Promise<void>;
}

export interface KitOptions {
  readonly yaml: string;
  /** https, and for clients with a certificate. */
  readonly tls?: { readonly ca: Buffer; readonly cert?: Buffer; readonly key?: Buffer };
}

const asIs = (bytes: Buffer): Buffer => bytes;
const fine: Outcome = { code: "OK", httpStatus: 200, message: "", reason: undefined, headers: {} };

interface StatusBody {
  readonly code: number;
  readonly message: string;
  readonly details?: readonly { readonly reason?: string }[];
}

function toOutcome({ code, message, details = [] }: StatusBody, more: Partial<Outcome> = {}): Outcome {
  const reason = details.find((detail) => detail.reason !== undefined)?.reason;
  return { ...fine, code: codeName(code), httpStatus: undefined, message, reason, ...more };
}

export async function startCredentialsKit({ yaml, tls }: KitOptions): Promise<CredentialsKit> {
  const { project, problems } = await loadSource({ protos, yaml });
  if (project === undefined) throw new Error(problems.join("\n"));
  const first = toMessage(project.schema, "t.M", '{"text": "first"}');
  const received: Readonly<Record<string, unknown>>[] = [];
  const answer: UnaryBackend = (message, { metadata }) => {
    received.push(Object.fromEntries([...metadata].map(([name, [value]]) => [name, value])));
    return message;
  };
  const backend = await startBackend({
    "/t.S/Get": answer,
    "/t.S/Open": answer,
    "/t.S/Watch": {
      stream: (call: ServerDuplexStream<Buffer, Buffer>) => {
        received.push(call.metadata.getMap());
        call.write(first);
        call.on("data", () => {});
      },
    },
  });
  const reports: GatewayError[] = [];
  const sweep = new Sweep(20);
  const upstreams = [{ service: undefined, target: backend.target, tls: undefined }];
  const inputs = { ...project, config: unshed({ ...project.config, upstreams }) };
  const gateway = createGateway(inputs, { report: (error) => void reports.push(error), sweep });
  const { port } = await gateway.listen();
  const secure: ChannelCredentials =
    tls === undefined ? credentials.createInsecure() : credentials.createSsl(tls.ca, tls.key ?? null, tls.cert ?? null);
  const client = new Client(`localhost:${port}`, secure);
  const sockets: KitClient[] = [];
  const scheme = tls === undefined ? "" : "s";
  const certificates = tls === undefined ? {} : { ca: tls.ca, cert: tls.cert, key: tls.key };

  const rest = async (headers: Headers, path = "/v1/one"): Promise<Outcome> => {
    const { request } = await import(tls === undefined ? "node:http" : "node:https");
    const outgoing = request({ host: "localhost", port, path, headers, agent: false, ...certificates }).end();
    const [response] = await once(outgoing, "response");
    response.setEncoding("utf8");
    let text = "";
    for await (const piece of response) {
      text += piece;
      // A stream that is open is as good as an answer.
      if (path.startsWith("/v1/watch") && response.statusCode === 200) break;
    }
    const more = { httpStatus: response.statusCode as number, headers: response.headers as Headers };
    return response.statusCode === 200 ? { ...fine, ...more } : toOutcome(JSON.parse(text) as StatusBody, more);
  };

  const toMetadata = (headers: Headers): Metadata => {
    const metadata = new Metadata();
    for (const [name, value] of Object.entries(headers)) metadata.set(name, value);
    return metadata;
  };
  const toGrpcOutcome = ({
    code,
    details,
    metadata,
  }: {
    code: number;
    details: string;
    metadata: Metadata;
  }): Outcome => {
    const shown = Object.fromEntries(Object.entries(metadata.getMap()).map(([name, value]) => [name, String(value)]));
    const status = String(metadata.get("grpc-status-details-bin")[0] ?? "");
    const reason = /\b([A-Z]+(?:_[A-Z]+)+)\b/.exec(status)?.[1];
    return { ...fine, code: codeName(code), httpStatus: undefined, message: details, reason, headers: shown };
  };
  const grpc = (headers: Headers, method = "Get"): Promise<Outcome> =>
    new Promise((resolve) => {
      const call = client.makeUnaryRequest(
        `/t.S/${method}`,
        asIs,
        asIs,
        Buffer.alloc(0),
        toMetadata(headers),
        () => {},
      );
      let leading = new Metadata();
      call.on("metadata", (metadata) => (leading = metadata));
      call.on("status", (status) => {
        leading.merge(status.metadata);
        resolve(toGrpcOutcome({ ...status, metadata: leading }));
      });
    });
  const grpcStream = async (headers: Headers) => {
    const call = client.makeServerStreamRequest("/t.S/Watch", asIs, asIs, Buffer.alloc(0), toMetadata(headers));
    call.on("error", () => {});
    const end = new Promise<Outcome>((resolve) => call.on("status", (status) => resolve(toGrpcOutcome(status))));
    const data = new Promise<Outcome>((resolve) => call.once("data", () => resolve(fine)));
    return { first: await Promise.race([data, end]), end };
  };

  const open = async (path: string, protocol: string[], headers: Headers): Promise<KitClient | Outcome> => {
    try {
      const socket = await openClient(`ws${scheme}://localhost:${port}${path}`, protocol, { headers, ...certificates });
      sockets.push(socket);
      return socket;
    } catch (error) {
      if (!(error instanceof Refused)) throw error;
      const shown = { httpStatus: error.status, headers: error.headers as Headers };
      return toOutcome(JSON.parse(error.body) as StatusBody, shown);
    }
  };
  const simple = async (headers: Headers) => {
    const opened = await open("/v1/watch", [], headers);
    if ("code" in opened) return { first: opened, client: undefined };
    const frame = JSON.parse(await opened.nextText()) as { "@status"?: StatusBody };
    return { first: frame["@status"] === undefined ? fine : toOutcome(frame["@status"]), client: opened };
  };
  const mux = async (headers: Headers, auth?: string) => {
    const opened = await open("/-/stream", ["sluice.mux.v1.json"], headers);
    if ("code" in opened) return { first: opened, client: undefined };
    opened.socket.send(JSON.stringify({ t: "init", ...(auth === undefined ? {} : { auth }) }));
    const ready = JSON.parse(await opened.nextText()) as { t: string } & StatusBody;
    if (ready.t === "status") return { first: toOutcome(ready), client: opened };
    opened.socket.send(JSON.stringify({ t: "open", id: 1, method: "t.S/Watch", credit: 5, m: {} }));
    const frame = JSON.parse(await opened.nextText()) as { t: string } & StatusBody;
    return { first: frame.t === "status" ? toOutcome(frame) : fine, client: opened };
  };

  return {
    gateway,
    port,
    sweep,
    reports,
    received,
    rest,
    grpc,
    grpcStream,
    simple,
    mux,
    everyWay: async (headers) => ({
      rest: await rest(headers),
      "rest stream": await rest(headers, "/v1/watch"),
      grpc: await grpc(headers),
      "grpc stream": (await grpcStream(headers)).first,
      websocket: (await simple(headers)).first,
      mux: (await mux(headers)).first,
    }),
    async close() {
      for (const { socket } of sockets) socket.terminate();
      client.close();
      await Promise.all([gateway.close(), backend.close()]);
    },
  };
}

/** One fact of each way. */
export function pick<T>(ways: Readonly<Record<string, Outcome>>, fact: (outcome: Outcome) => T): T[] {
  return Object.values(ways).map(fact);
}
