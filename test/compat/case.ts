// A request of the table, and the short forms the table is written in.
import type { DifferenceName } from "./differences.ts";
import type { Request } from "./http-client.ts";

/** `example`: grpc-gateway's example server. `echo`: answers every unary call with the bytes it got, its metadata as headers. */
export type Backend = "example" | "echo";

export interface Case extends Request {
  readonly name: string;
  readonly backend: Backend;
  /** Body of an entry to create first; its uuid stands for `$UUID` in target and body. */
  readonly entry: string | undefined;
  /** Whether what the backend stored under `$UUID` is compared afterwards. */
  readonly thenLookup: boolean;
  /** Key of `differences` when the answers are known to differ. */
  readonly difference: DifferenceName | undefined;
}

export interface CaseOptions {
  readonly headers?: readonly string[];
  readonly body?: string | Uint8Array;
  readonly entry?: string;
  readonly thenLookup?: boolean;
  readonly difference?: DifferenceName;
}

export type Declare = (request: string, options?: CaseOptions | string) => void;

/** `request` is `METHOD target`; options that are a text are the body. */
export function collect(backend: Backend, group: string, fill: (declare: Declare) => void): Case[] {
  const cases: Case[] = [];
  fill((request, options = {}) => {
    const {
      headers = [],
      body,
      entry,
      thenLookup = false,
      difference,
    } = typeof options === "string" ? { body: options } : options;
    const space = request.indexOf(" ");
    const [method, target] = [request.slice(0, space), request.slice(space + 1)];
    const needsEntry = target.includes("$UUID") || (typeof body === "string" && body.includes("$UUID"));
    cases.push({
      name: `${group} ${cases.length + 1}`,
      backend,
      method,
      target,
      headers,
      body,
      entry: entry ?? (needsEntry ? '{"stringValue":"before"}' : undefined),
      thenLookup,
      difference,
    });
  });
  return cases;
}
