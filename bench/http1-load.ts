// The clients of bench/http1.ts, in a process of their own: each sends a request, waits for its whole answer, sends the next.
import { connect } from "node:net";

interface Order {
  readonly port: number;
  readonly connections: number;
  readonly milliseconds: number;
  /** A trace id that is another each time: no head repeats. */
  readonly varies: boolean;
}

const fixed = [
  "GET /v1/products/42 HTTP/1.1",
  "Host: localhost:8080",
  "User-Agent: Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36",
  "Accept: application/json",
  "Accept-Encoding: gzip, deflate, br",
  "Accept-Language: en",
  "Cookie: session=0123456789abcdef0123456789abcdef",
].join("\r\n");

let traces = 0;

function nextRequest(varies: boolean): string {
  const trace = varies ? `\r\ntraceparent: 00-${(++traces).toString(16).padStart(32, "0")}-0123456789abcdef-01` : "";
  return `${fixed}${trace}\r\n\r\n`;
}

/** Rejects an answer that is none. */
function run({ port, connections, milliseconds, varies }: Order): Promise<number> {
  return new Promise((resolve, reject) => {
    const stopAt = performance.now() + milliseconds;
    let answers = 0;
    let open = connections;
    for (let i = 0; i < connections; i++) {
      const socket = connect(port, "127.0.0.1");
      socket.setNoDelay(true);
      socket.on("error", reject);
      socket.on("connect", () => socket.write(nextRequest(varies)));
      socket.on("close", () => {
        if (--open === 0) resolve(answers);
      });
      socket.on("data", (chunk: Buffer) => {
        // An answer this short is one packet.
        if (chunk[chunk.length - 1] !== 0x7d || chunk.toString("latin1", 0, 15) !== "HTTP/1.1 200 OK")
          reject(new Error(`not the answer: ${chunk.toString("latin1")}`));
        answers++;
        if (performance.now() < stopAt) socket.write(nextRequest(varies));
        else socket.destroy();
      });
    }
  });
}

process.on("message", (order: Order) => {
  run(order).then(
    (answers) => process.send?.(answers),
    (error: unknown) => {
      console.error(error);
      process.exit(1);
    },
  );
});
process.on("disconnect", () => process.exit(0));
