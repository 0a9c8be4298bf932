// One HTTP/1.1 request with exactly the target and headers a case names, and everything that comes back.
import { request } from "node:http";

export interface Request {
  readonly method: string;
  /** Sent as it is. */
  readonly target: string;
  /** `[name, value, …]`; repeated names are sent repeatedly. */
  readonly headers: readonly string[];
  readonly body: string | Uint8Array | undefined;
}

export interface Answer {
  readonly status: number;
  /** `[name, value, …]`, names lower case, in the order received. */
  readonly headers: readonly string[];
  readonly trailers: readonly string[];
  readonly body: string;
}

const timeoutMs = 10_000;

export function send(port: number, { method, target, headers, body }: Request): Promise<Answer> {
  const content = body === undefined ? undefined : Buffer.from(body as string);
  const raw = ["Host", "gateway.test", ...headers];
  if (content !== undefined) raw.push("Content-Length", String(content.length));
  return new Promise((resolve, reject) => {
    const outgoing = request(
      { host: "127.0.0.1", port, method, path: target, agent: false, timeout: timeoutMs, insecureHTTPParser: true },
      (incoming) => {
        const chunks: Buffer[] = [];
        incoming.on("data", (chunk: Buffer) => chunks.push(chunk));
        incoming.on("error", reject);
        incoming.on("end", () =>
          resolve({
            status: incoming.statusCode ?? 0,
            headers: lowerNames(incoming.rawHeaders),
            trailers: lowerNames(incoming.rawTrailers),
            body: Buffer.concat(chunks).toString(),
          }),
        );
      },
    );
    outgoing.removeHeader("Host");
    for (const [name, values] of grouped(raw)) outgoing.setHeader(name, values.length === 1 ? values[0] : values);
    outgoing.on("timeout", () => outgoing.destroy(new Error(`no answer within ${timeoutMs} ms`)));
    outgoing.on("error", reject);
    outgoing.end(content);
  });
}

function grouped(list: readonly string[]): Map<string, string[]> {
  const groups = new Map<string, string[]>();
  for (let i = 0; i < list.length; i += 2) groups.set(list[i], [...(groups.get(list[i]) ?? []), list[i + 1]]);
  return groups;
}

function lowerNames(list: readonly string[]): string[] {
  return list.map((text, index) => (index % 2 === 0 ? text.toLowerCase() : text));
}
