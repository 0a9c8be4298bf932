// A server that says hello, for bench/http1.ts: on node:http, on the engine, or on a bare socket that reads nothing. Tells its CPU when asked.
import { createServer as createHttpServer } from "node:http";
import { createServer } from "node:net";
import type { AddressInfo, Server } from "node:net";
import { createHttp1Connection } from "../src/http1/connection.ts";
import type { Http1Handlers } from "../src/http1/contract.ts";
import { defaultListenerLimits } from "../src/serve/listen-limits.ts";

const body = Buffer.from('{"name":"products/42","title":"A thing","price":"12"}');
const headers = ["content-type", "application/json", "x-content-type-options", "nosniff"];

function onNodeHttp(): Server {
  return createHttpServer({ noDelay: true }, (_request, response) => {
    response.writeHead(200, [...headers, "content-length", String(body.length)]);
    response.end(body);
  });
}

function onEngine(): Server {
  const handlers: Http1Handlers = {
    onRequest: (request) => request.respond(200, headers, body),
    onFailure: () => ({ status: 400, headers: [], body }),
    onClose: () => {},
  };
  return createServer({ noDelay: true }, (socket) => {
    createHttp1Connection(socket, defaultListenerLimits, handlers);
  });
}

/** The floor: what Node's sockets cost before anybody has read a byte. */
function onBareSocket(): Server {
  const answer = Buffer.from(
    `HTTP/1.1 200 OK\r\ncontent-type: application/json\r\nContent-Length: ${body.length}\r\nDate: Thu, 01 Jan 1970 00:00:00 GMT\r\n\r\n${body.toString()}`,
  );
  return createServer({ noDelay: true }, (socket) => {
    socket.on("error", () => socket.destroy());
    socket.on("data", () => socket.write(answer));
  });
}

const kinds: Readonly<Record<string, () => Server>> = { http: onNodeHttp, engine: onEngine, bare: onBareSocket };
const server = kinds[process.argv[2]]();
server.listen(0, "127.0.0.1", () => process.send?.((server.address() as AddressInfo).port));
process.on("message", () => {
  const { user, system } = process.cpuUsage();
  process.send?.(user + system);
});
process.on("disconnect", () => process.exit(0));
