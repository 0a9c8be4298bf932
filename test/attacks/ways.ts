// Every way to call the gateway, by hand: what a client sends is exactly what is given, so that an attack can be tried on all of them.
import type { GatewayFixture } from "../support/gateway.ts";
import type { Attempt, Outcome, Way } from "./attempt.ts";
import { grpc } from "./ways-grpc.ts";
import { overHttp1, overHttp2 } from "./ways-http.ts";
import { grpcWebSockets, mux, muxProto, simple } from "./ways-websocket.ts";

export const protos = `
  syntax = "proto3";
  package t;
  import "google/api/annotations.proto";
  message M {
    string text = 1;
    int32 number = 2;
    M child = 3;
    map<string, string> labels = 4;
    double real = 5;
    int64 large = 6;
  }
  service S {
    rpc Get(M) returns (M) { option (google.api.http) = { get: "/v1/unary/{text}" }; }
    rpc Put(M) returns (M) { option (google.api.http) = { post: "/v1/unary" body: "*" }; }
    rpc Watch(M) returns (stream M) { option (google.api.http) = { get: "/v1/stream/{text}" }; }
    rpc Push(M) returns (stream M) { option (google.api.http) = { post: "/v1/stream" body: "*" }; }
  }
`;

const withTarget = { hasTarget: true, passesNames: false };
const byMethod = { hasTarget: false, passesNames: true };

export const ways: readonly Way[] = [
  {
    ...withTarget,
    name: "REST over HTTP/1.1",
    readsJson: true,
    try: (gateway, attempt) => overHttp1(gateway, "/v1/unary", attempt, "application/json"),
  },
  {
    ...withTarget,
    name: "REST over HTTP/2",
    readsJson: true,
    try: (gateway, attempt) => overHttp2(gateway, "/v1/unary", attempt, "application/json"),
  },
  {
    ...withTarget,
    name: "a stream of events",
    readsJson: true,
    try: (gateway, attempt) => overHttp1(gateway, "/v1/stream", attempt, "text/event-stream"),
  },
  {
    ...withTarget,
    name: "a stream of lines over HTTP/2",
    readsJson: true,
    try: (gateway, attempt) => overHttp2(gateway, "/v1/stream", attempt, "application/x-ndjson"),
  },
  {
    ...withTarget,
    name: "a stream in an array",
    readsJson: true,
    try: (gateway, attempt) => overHttp1(gateway, "/v1/stream", attempt, "application/json"),
  },
  {
    ...withTarget,
    name: "a WebSocket in simple mode",
    readsJson: true,
    try: (gateway, attempt) => simple(gateway, "/v1/stream", attempt, "json"),
  },
  {
    ...withTarget,
    name: "a WebSocket in simple mode, in protobuf",
    readsJson: false,
    try: (gateway, attempt) => simple(gateway, "/v1/stream", attempt, "proto"),
  },
  {
    ...withTarget,
    name: "a multiplexed WebSocket",
    readsJson: true,
    try: (gateway, attempt) => mux(gateway, "/v1/stream", attempt),
  },
  {
    ...withTarget,
    name: "a multiplexed WebSocket, in protobuf",
    readsJson: false,
    try: (gateway, attempt) => muxProto(gateway, "/v1/stream", attempt),
  },
  {
    ...byMethod,
    name: "grpc-websockets",
    readsJson: false,
    passesNames: false,
    try: grpcWebSockets,
  },
  {
    ...byMethod,
    name: "gRPC",
    readsJson: false,
    try: (gateway, attempt) => grpc(gateway, attempt, "proto"),
  },
  {
    ...byMethod,
    name: "gRPC with JSON",
    readsJson: true,
    try: (gateway, attempt) => grpc(gateway, attempt, "json"),
  },
];

/** The unary method of the protos above, `Get`, by its text, on every front; with WebSockets where the configuration lets them have it. */
export interface UnaryWay {
  readonly name: string;
  get(gateway: GatewayFixture, text: string, headers?: Attempt["headers"]): Promise<Outcome>;
}

const base = "/v1/unary";

export const unaryWays: readonly UnaryWay[] = [
  {
    name: "REST over HTTP/1.1",
    get: (gateway, text, headers = []) => overHttp1(gateway, base, { target: `/${text}`, headers }, "application/json"),
  },
  {
    name: "REST over HTTP/2",
    get: (gateway, text, headers = []) => overHttp2(gateway, base, { target: `/${text}`, headers }, "application/json"),
  },
  {
    name: "a WebSocket in simple mode",
    get: (gateway, text, headers = []) => simple(gateway, base, { target: `/${text}`, headers }, "json"),
  },
  {
    name: "a multiplexed WebSocket",
    get: (gateway, text, headers = []) => mux(gateway, base, { target: `/${text}` }, headers),
  },
  {
    name: "gRPC",
    get: (gateway, text, headers = []) =>
      grpc(gateway, { target: "/t.S/Get", message: JSON.stringify({ text }), headers }, "proto"),
  },
  {
    name: "gRPC with JSON",
    get: (gateway, text, headers = []) =>
      grpc(gateway, { target: "/t.S/Get", message: JSON.stringify({ text }), headers }, "json"),
  },
  {
    name: "grpc-websockets",
    get: (gateway, text, headers = []) =>
      grpcWebSockets(gateway, { target: "/t.S/Get", message: JSON.stringify({ text }), headers }),
  },
];
