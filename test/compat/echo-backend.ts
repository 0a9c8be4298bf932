// A backend for every service of the protos: answers with the bytes of the request, or as the request's metadata wishes.
import { loadSchema } from "../../src/schema/load/load.ts";
import { BackendError, startBackend } from "../support/backend.ts";
import type { BackendCall, BackendHandlers, UnaryBackend } from "../support/backend.ts";

export interface EchoBackend {
  readonly port: number;
  close(): Promise<void>;
}

export async function startEchoBackend(protos: readonly string[], importPath: string): Promise<EchoBackend> {
  const { schema, diagnostics } = loadSchema({ inputs: protos, importPaths: [importPath] });
  if (schema === undefined) throw new Error(diagnostics.map(({ message }) => message).join("\n"));
  const methods = schema.services.flatMap((service) => service.methods.map(({ path }) => path));
  const handlers: BackendHandlers = Object.fromEntries(methods.map((path) => [path, answer]));
  const backend = await startBackend(handlers);
  return { port: Number(backend.target.split(":").at(-1)), close: () => backend.close() };
}

/** Set by the transport of either gateway, and their own business. */
const transportNames: ReadonlySet<string> = new Set([
  "user-agent",
  "accept-encoding",
  "grpc-accept-encoding",
  "content-type",
  "te",
]);

/**
 * `show: metadata` sends back what arrived; `fail-code`, `fail-message` and `fail-details-bin` end the call that way;
 * `header-x` and `trailer-x` become metadata `x` of the answer; `show: deadline` tells whether there is one.
 */
const answer: UnaryBackend = (message, call) => {
  const { metadata } = call;
  const first = (name: string): string | undefined => metadata.get(name)?.[0] as string | undefined;
  for (const [name, values] of metadata) {
    for (const value of values) {
      if (name.startsWith("header-")) call.header(name.slice("header-".length), value);
      if (name.startsWith("trailer-")) call.trailer(name.slice("trailer-".length), value);
    }
  }
  if (first("show") === "metadata") showMetadata(call);
  if (first("show") === "deadline") call.header("has-deadline", String(Number.isFinite(call.deadline)));
  const code = first("fail-code");
  if (code !== undefined) {
    const details = metadata.get("fail-details-bin")?.[0] as Buffer | undefined;
    throw new BackendError(Number(code), first("fail-message") ?? "failed as asked", details);
  }
  return message;
};

function showMetadata(call: BackendCall): void {
  for (const [name, values] of call.metadata) {
    if (transportNames.has(name)) continue;
    for (const value of values) call.header(`got-${name}`, value);
  }
}
