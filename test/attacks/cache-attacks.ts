// What is tried on caches: a backend that answers with all it was told, and the headers by which clients may hope to reach others.
import type { GatewaySource } from "../support/gateway.ts";
import type { Outcome } from "./attempt.ts";
import { protos as plain } from "./ways.ts";

export const protos = (cache: string): string =>
  plain
    .replace(
      'import "google/api/annotations.proto";',
      'import "google/api/annotations.proto"; import "sluice/annotations.proto";',
    )
    .replace(
      'get: "/v1/unary/{text}" };',
      `get: "/v1/unary/{text}" }; option (sluice.cache) = { ttl: "1h" ${cache} };`,
    );

/** What an attacker may hope that a backend repeats, and the gateway forgets. */
export const attacks: readonly (readonly [name: string, value: string])[] = [
  ["accept-language", "evil"],
  ["authorization", "Bearer evil"],
  ["baggage", "a=evil"],
  ["cache-control", "max-age=1, evil"],
  ["cookie", "a=evil"],
  ["forwarded", "for=evil;host=evil"],
  ["from", "evil@evil.example"],
  ["origin", "https://evil.example"],
  ["pragma", "evil"],
  ["range", "evil=0-1"],
  ["referer", "https://evil.example"],
  ["tracestate", "a=evil"],
  ["user-agent", "evil"],
  ["via", "1.1 evil"],
  ["x-custom", "evil"],
  ["x-custom-bin", "ZXZpbA"],
  ["x-forwarded-for", "6.6.6.6"],
  ["x-forwarded-host", "evil.example"],
  ["x-forwarded-port", "666"],
  ["x-forwarded-prefix", "/evil"],
  ["x-forwarded-proto", "evil"],
  ["x-forwarded-scheme", "evil"],
  ["x-host", "evil.example"],
  ["x-original-url", "/evil"],
  ["x-real-ip", "6.6.6.6"],
  ["x-request-id", "<evil>"],
  ["x-rewrite-url", "/evil"],
];

const listed = attacks
  .map(([name]) => name)
  .filter((name) => !/^(?:forwarded|user-agent|x-real-ip|x-forwarded-(?:for|host|proto))$/.test(name));
export const yaml = `websocket: { unary: true }
request_id: { accept: always }
http:
  trusted_proxies: [127.0.0.1]
  request_headers: [traceparent, ${listed.join(", ")}]
`;

/** Answers with all that it was told, and how often it was asked. */
export function newHandlers(): NonNullable<GatewaySource["handlers"]> {
  let count = 0;
  return {
    "t.S/Get": ({ metadata, message }) => {
      const told = metadata.filter(([name]) => !name.startsWith("grpc-") && name !== "user-agent");
      const text = `answer ${++count}: ${JSON.stringify(told)} ${message}`;
      return { kind: "reply", message: JSON.stringify({ text }) };
    },
  };
}

/** A socket tells its client who it is before. */
export const toldIn = ({ text }: Outcome): string => text.slice(Math.max(0, text.indexOf("answer ")));
export const answerOf = (text: string): string => /answer \d+/.exec(text)?.[0] ?? text;
