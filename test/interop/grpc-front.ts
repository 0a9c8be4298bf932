// A port on which every request is a gRPC call, answered with one message: for h2spec, which cannot send a content type. Prints the port.
import { composeChain } from "../../src/chain/compose.ts";
import type { Exchange } from "../../src/front/front.ts";
import { Census } from "../../src/front/stream/census.ts";
import { Sweep } from "../../src/front/stream/sweep.ts";
import { createGrpcFront } from "../../src/front/grpc/grpc.ts";
import { defaultGrpc } from "../../src/front/grpc/options.ts";
import { serveHttp2 } from "../../src/serve/http2-connection.ts";
import { createListener } from "../../src/serve/listen.ts";
import { defaultListenerLimits } from "../../src/serve/listen-limits.ts";
import type { StreamCall, StreamReply } from "../../src/call.ts";
import { schemaOf } from "../support/schema.ts";

const schema = schemaOf(`
  syntax = "proto3";
  package interop;
  message Note { string text = 1; }
  service Notes { rpc Chat(stream Note) returns (stream Note); }
`);
const methods = schema.services.flatMap((service) => service.methods);

/** Once the client has sent everything, whatever that was. */
function answer({ messages }: StreamCall): StreamReply {
  const replies: (Uint8Array | undefined)[] = [Buffer.from("hello, world")];
  const drained = (async (): Promise<void> => {
    while ((await messages.read()) !== undefined);
  })();
  drained.catch(() => {});
  return {
    headers: drained.then(() => []),
    messages: { read: () => Promise.resolve(replies.shift()) },
    trailers: drained.then(() => []),
  };
}

const grpc = createGrpcFront({
  schema,
  methods,
  chain: composeChain({
    end: { stream: answer, unary: ({ message }) => Promise.resolve({ message, headers: [], trailers: [] }) },
  }),
  options: defaultGrpc,
  sweep: new Sweep(),
  census: new Census(),
});

/** The exchange with what makes it a gRPC call. */
function asGrpc(exchange: Exchange): Exchange {
  const headers = { ...exchange.headers, "content-type": "application/grpc" };
  const replaced: Partial<Exchange> = { method: "POST", target: "/interop.Notes/Chat", headers };
  return new Proxy(exchange, {
    get(target, name) {
      if (Object.hasOwn(replaced, name)) return Reflect.get(replaced, name) as unknown;
      const value: unknown = Reflect.get(target, name, target);
      return typeof value === "function" ? (value.bind(target) as unknown) : value;
    },
  });
}

const listener = createListener({
  address: { host: "127.0.0.1", port: 0 },
  limits: defaultListenerLimits,
  front: (exchange) => grpc(asGrpc(exchange)),
  http2: serveHttp2,
});
const { port } = await listener.listen();
console.log(port);
