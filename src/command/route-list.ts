// The routes as people and scripts read them: `sluice routes`, the table at start, GET /routes of the admin listener.
import type { Binding } from "../schema/binding.ts";
import type { Method } from "../schema/descriptor.ts";
import { formatTable } from "./terminal.ts";
import type { Style } from "./terminal.ts";

export interface RouteEntry {
  readonly httpMethod: string;
  readonly path: string;
  /** `pkg.Service.Method` */
  readonly method: string;
  readonly kind: string;
  /** `*`, a field, or empty for none. */
  readonly body: string;
  readonly responseBody: string | undefined;
  readonly origin: Binding["origin"];
  readonly deprecated: boolean;
  /** The gateway answers it itself, from other methods. */
  readonly composed?: true;
  readonly file: string;
  readonly line: number;
}

type Composed = Pick<ReadonlySet<Method>, "has">;

/** In order of path, then HTTP method. */
export function toRouteEntries(bindings: readonly Binding[], composed: Composed): RouteEntry[] {
  const entries = bindings.map((binding) => toRouteEntry(binding, composed.has(binding.method)));
  return entries.sort((a, b) => compare(a.path, b.path) || compare(a.httpMethod, b.httpMethod));
}

export function toRouteEntry(binding: Binding, isComposed: boolean): RouteEntry {
  return {
    httpMethod: binding.httpMethod,
    path: binding.template.text,
    method: binding.method.name,
    kind: binding.method.kind,
    body: formatBody(binding),
    responseBody: binding.responseBody?.protoName,
    origin: binding.origin,
    deprecated: binding.method.deprecated,
    ...(isComposed ? { composed: true } : {}),
    file: binding.position.file,
    line: binding.position.line,
  };
}

export function formatBody({ body }: Binding): string {
  if (body.kind === "field") return body.field.protoName;
  return body.kind === "all" ? "*" : "";
}

/** Aligned lines without header; at most `limit` of them. */
export function formatRoutes(entries: readonly RouteEntry[], style: Style, limit = Number.POSITIVE_INFINITY): string[] {
  const shown = entries.slice(0, limit);
  const lines = formatTable(
    shown.map(({ httpMethod, path, method, kind, composed }) => [
      httpMethod,
      path,
      kind === "unary" ? `${method}${composed === true ? " (composed)" : ""}` : `${method} (${kind})`,
    ]),
  );
  // Painted after padding: escape sequences have no width.
  return lines.map(
    (line, index) =>
      `${style.cyan(line.slice(0, shown[index].httpMethod.length))}${line.slice(shown[index].httpMethod.length)}`,
  );
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
