// The groups of the configuration schema that are about streams and browsers: streams, websocket, pages.
import { count, duration, size } from "./schema-forms.ts";
import type { SchemaNode } from "./schema-node.ts";
import { defaultSettings } from "./settings.ts";

type Properties = Readonly<Record<string, SchemaNode>>;

const { pages, streams, websocket } = defaultSettings.strict;

export const streamSchemas: Properties = {
  idle_timeout: duration(
    "A stream on which no message passes for so long ends; `idle` of its `stream` says otherwise for a method.",
    streams.idle_timeout,
    "1s",
    "24h",
  ),
  max_lifetime: duration(
    "A stream that is about so old (give or take a tenth) ends; `max_lifetime` of its `stream` says otherwise for a method.",
    streams.max_lifetime,
    "1s",
    "24h",
  ),
  max_per_client: {
    type: ["integer", "string"],
    description: "Most streams of one client, its principal or else its address, over all its connections; or `off`.",
    default: streams.max_per_client,
    examples: [200],
    minimum: 1,
    maximum: 1_000_000,
    "x-form": { kind: "off" },
  },
};

export const websocketSchemas: Properties = {
  enabled: {
    type: "boolean",
    description: "Serves streaming methods over WebSocket at their REST URLs, and all methods at /-/stream.",
    default: websocket.enabled,
  },
  unary: {
    type: "boolean",
    description: "Serves unary methods over WebSocket at their REST URLs, too.",
    default: websocket.unary,
  },
  allowed_origins: {
    type: "array",
    description:
      "Pages of other origins that may connect: `https://app.example`, exactly, with scheme and port; `*` for all of them.",
    default: websocket.allowed_origins,
    examples: [["https://app.example", "http://localhost:5173"]],
    maxItems: 1000,
    items: { type: "string", maxLength: 512, "x-form": { kind: "origin" } },
  },
  max_message: size("Largest message of a client.", websocket.max_message, "1KiB", "64MiB"),
  max_unsent: size(
    "How much may wait for a slow client on one socket before its streams are held back.",
    websocket.max_unsent,
    "16KiB",
    "64MiB",
  ),
  max_sockets: count("Most WebSocket connections.", websocket.max_sockets, 1, 1_000_000),
  max_sockets_per_principal: count(
    "Most WebSocket connections of one client.",
    websocket.max_sockets_per_principal,
    1,
    1_000_000,
  ),
  max_streams: count("Most streams open at once on one multiplexed socket.", websocket.max_streams, 1, 10_000),
  handshakes_per_second: count(
    "Most handshakes of one client address in a second.",
    websocket.handshakes_per_second,
    1,
    1_000_000,
  ),
  messages_per_second: count(
    "Most messages of one socket in a second, lastingly; a client that sends more is read from more slowly.",
    websocket.messages_per_second,
    1,
    10_000_000,
  ),
  bytes_per_second: size(
    "Most bytes of one socket in a second, lastingly.",
    websocket.bytes_per_second,
    "1KiB",
    "10GiB",
  ),
  ping_interval: duration("A silent client is pinged after so long.", websocket.ping_interval, "1s", "1h"),
  pong_timeout: duration("Time for a client to answer a ping.", websocket.pong_timeout, "100ms", "10m"),
  slow_consumer_timeout: duration(
    "A client that takes nothing of what waits for it for so long is cut off.",
    websocket.slow_consumer_timeout,
    "1s",
    "1h",
  ),
  envelope: {
    type: "string",
    description: 'Shape of messages in simple mode: as they are, or `{"result": …}` as grpc-websocket-proxy has them.',
    enum: ["none", "grpc-gateway"],
    default: websocket.envelope,
  },
  access_token_in_query: {
    type: "boolean",
    description: "Takes credentials from `?access_token=`, where proxies and logs can see them.",
    default: websocket.access_token_in_query,
  },
};

export const pageSchemas: Properties = {
  playground: {
    type: "string",
    description:
      "The playground at /-/play and the typed browser client at /-/api.js; `auto`: only while listening on loopback.",
    enum: ["auto", "on", "off"],
    default: pages.playground,
  },
};
