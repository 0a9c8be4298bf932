// Where a value of a composition comes from: the request, the element of a loop, or what a step has answered, and fields behind it.
import { didYouMean } from "../diagnostic.ts";
import type { Field, MessageType } from "../schema/descriptor.ts";
import { Code, GatewayError } from "../status.ts";
import { followPath, parsePath, PathFault } from "./path.ts";
import type { ValueType } from "./path.ts";
import { readPayloads, zeroPayload } from "./payloads.ts";

/** The bytes of one value without its tag; a list of values, or the entries of a map; undefined for what is not there. */
export type Value = Uint8Array | undefined | readonly Value[];

/** What there is to take from while a composition runs. */
export interface Scope {
  readonly request: Uint8Array;
  /** By the place of the step. */
  readonly results: readonly Value[];
  readonly element?: Uint8Array | undefined;
}

/** What a step's result is, as others see it. */
export interface StepShape {
  readonly index: number;
  readonly output: MessageType;
  /** One for each element of a list. */
  readonly isList: boolean;
}

/** What may be named, where a source stands. */
export interface Names {
  readonly request: MessageType;
  /** Of `it`; undefined outside of loops. */
  readonly element: ValueType | undefined;
  readonly steps: ReadonlyMap<string, StepShape>;
}

export interface Source {
  readonly text: string;
  /** Undefined for the request and the element. */
  readonly step: number | undefined;
  readonly isElement: boolean;
  readonly type: ValueType;
  /** The lists it goes through, outermost first. */
  readonly lists: readonly string[];
  /** Throws GatewayError for bytes that are no message. */
  read(scope: Scope): Value;
}

/** Throws PathFault. */
export function compileSource(text: string, names: Names): Source {
  const [root, ...rest] = parsePath(text);
  const step = names.steps.get(root.name);
  const isElement = root.name === "it";
  const type = typeOfRoot(root.name, names);
  const isList = step?.isList === true;
  if (root.isEach && !isList)
    throw new PathFault(`${root.name}[] goes through a list, and ${root.name} is none`, `write ${root.name}`);
  if (isList && !root.isEach && rest.length > 0)
    throw new PathFault(`${root.name} is a list`, `write ${root.name}[] to go on with each element of it`);
  const { fields, type: end, lists } = followPath(type, rest, root.name);
  const read = compileFields(fields);
  const readRoot = toRootReader(isElement, step);
  const isRequest = root.name === "req";
  return {
    text,
    step: step?.index,
    isElement,
    type: end,
    lists: isList ? [root.name, ...lists] : lists,
    read: isList
      ? (scope) => mapList(readRoot(scope), read)
      : (scope) => (isRequest ? blameClient(() => readAt(scope.request, read)) : readAt(readRoot(scope), read)),
  };
}

function typeOfRoot(name: string, { request, element, steps }: Names): ValueType {
  const step = steps.get(name);
  if (name === "req") return { kind: "message", message: request };
  if (name === "it" && element !== undefined) return element;
  if (step !== undefined) return { kind: "message", message: step.output };
  if (name === "it") throw new PathFault("it is the element of each, and this step has no each", "give it each");
  const known = ["req", ...(element === undefined ? [] : ["it"]), ...steps.keys()];
  throw new PathFault(
    `there is no step ${JSON.stringify(name)}`,
    didYouMean(name, known) ?? `there is ${known.join(", ")}`,
  );
}

function toRootReader(isElement: boolean, step: StepShape | undefined): (scope: Scope) => Value {
  if (isElement) return ({ element }) => element;
  return step === undefined ? ({ request }) => request : ({ results }) => results[step.index];
}

/** What cannot be read of a request is not the backends' doing. */
function blameClient(read: () => Value): Value {
  try {
    return read();
  } catch (cause) {
    const { code, message, reason = "MESSAGE_MALFORMED" } = GatewayError.from(cause);
    if (code === Code.RESOURCE_EXHAUSTED) throw cause;
    throw new GatewayError(Code.INVALID_ARGUMENT, `the request: ${message}`, { reason, cause });
  }
}

type Read = (value: Uint8Array) => Value;

function compileFields(fields: readonly Field[]): Read {
  return fields.reduceRight<Read | undefined>((inner, field) => compileField(field, inner), undefined) ?? itself;
}

const itself: Read = (value) => value;

function compileField(field: Field, inner: Read | undefined): Read {
  if (field.cardinality !== "singular") {
    return inner === undefined
      ? (message) => readPayloads(field, message)
      : (message) => mapList(readPayloads(field, message), inner);
  }
  // Without presence a field always has a value, where its message is there.
  const otherwise = field.hasPresence ? undefined : zeroPayload(field);
  const read: Read = (message) => readPayloads(field, message)[0] ?? otherwise;
  return inner === undefined ? read : (message) => readAt(read(message), inner);
}

function readAt(value: Value, read: Read): Value {
  return value instanceof Uint8Array ? read(value) : undefined;
}

function mapList(value: Value, read: Read): Value {
  return isValueList(value) ? value.map((item) => readAt(item, read)) : undefined;
}

export function isValueList(value: Value): value is readonly Value[] {
  return Array.isArray(value);
}
