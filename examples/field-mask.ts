// Partial updates: copies the fields a google.protobuf.FieldMask names from one message to another.
import { invalidArgument } from "./rpc-error.ts";

/**
 * Which paths a client may change: a leaf is `null`, a message lists its fields, a map has the one key `*`.
 * `{ title: null, price: { currency: null }, translations: { "*": null } }`
 */
export interface Shape {
  readonly [field: string]: Shape | null;
}

type Message = Record<string, unknown>;

/** The paths an empty mask stands for over gRPC: every settable field that is not empty. `*` stands for all of them. */
export function expandMask(paths: readonly string[], source: object, shape: Shape): readonly string[] {
  if (paths.length === 1 && paths[0] === "*") return Object.keys(shape);
  if (paths.length > 0) return paths;
  return Object.keys(shape).filter((field) => isSet((source as Message)[field]));
}

function isSet(value: unknown): boolean {
  if (value === undefined || value === null || value === "" || value === 0 || value === "0" || value === false)
    return false;
  return typeof value !== "object" || Buffer.isBuffer(value) || Object.keys(value).length > 0;
}

/** Returns a copy of `target` with the masked fields taken from `source`; an unset field of `source` unsets it. */
export function applyMask<Resource extends object>(
  target: Resource,
  source: Resource,
  paths: readonly string[],
  shape: Shape,
): Resource {
  const result = structuredClone(target);
  for (const path of paths) copyPath(result as Message, source as Message, { path, shape });
  return result;
}

function copyPath(target: Message, source: Message, options: { readonly path: string; readonly shape: Shape }): void {
  const segments = options.path.split(".");
  let shape: Shape | null = options.shape;
  let from: Message | undefined = source;
  let into = target;
  for (const [index, segment] of segments.entries()) {
    shape = shapeOf(shape, segment, options.path);
    const value = ownValue(from, segment);
    if (index < segments.length - 1) {
      from = isMessage(value) ? value : undefined;
      const inner = ownValue(into, segment);
      const next = isMessage(inner) ? inner : {};
      into[segment] = next;
      into = next;
    } else if (value === undefined || value === null) {
      delete into[segment];
    } else {
      into[segment] = structuredClone(value);
    }
  }
}

/** A map may have a key like `constructor`, and an object always inherits one. */
function ownValue(message: Message | undefined, field: string): unknown {
  return message !== undefined && Object.hasOwn(message, field) ? message[field] : undefined;
}

function shapeOf(shape: Shape | null, segment: string, path: string): Shape | null {
  if (shape !== null && segment !== "__proto__" && segment !== "") {
    if (Object.hasOwn(shape, segment)) return shape[segment];
    if (Object.hasOwn(shape, "*")) return shape["*"];
  }
  throw invalidArgument("update_mask", `"${path}" is not a field a client may change`);
}

function isMessage(value: unknown): value is Message {
  return typeof value === "object" && value !== null && !Array.isArray(value) && !Buffer.isBuffer(value);
}
