// Ports for programs that cannot be told to take any that is free and to say which.
import { once } from "node:events";
import { createServer } from "node:net";

/** Below the ports that systems give to whoever wants any, or dials out: none of those can take it between here and its use. */
const [lowest, highest] = [20_000, 32_767];

/** The first of so many free ports in a row, on the loopback. */
export async function freePort(count = 1): Promise<number> {
  for (;;) {
    const first = lowest + Math.floor(Math.random() * (highest - lowest - count));
    const ports = Array.from({ length: count }, (_, at) => first + at);
    if ((await Promise.all(ports.map(isFree))).every(Boolean)) return first;
  }
}

async function isFree(port: number): Promise<boolean> {
  const server = createServer();
  try {
    server.listen(port, "127.0.0.1");
    await once(server, "listening");
    return true;
  } catch {
    return false;
  } finally {
    server.close();
  }
}
