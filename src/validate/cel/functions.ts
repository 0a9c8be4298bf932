// The functions that rules in CEL may use beside the language's own, and the two that keep an expression within bounds.
import {
  celFunc,
  type CelFunc,
  celFromScalar,
  celList,
  celMap,
  celMethod,
  CelScalar,
  isCelList,
  isCelMap,
  listType,
} from "@bufbuild/cel";
import { strings } from "@bufbuild/cel/ext";
import { create } from "@bufbuild/protobuf";
import { isReflectMessage, type ReflectMessage } from "@bufbuild/protobuf/reflect";
import { isWrapperDesc } from "@bufbuild/protobuf/wkt";
import { RE2JS } from "@bufbuild/re2";
import { isEmail, isHostAndPort, isHostname } from "../formats/host.ts";
import { isIp, isIpPrefix } from "../formats/ip.ts";
import { isUri, isUriReference } from "../formats/uri.ts";

const { BOOL, BYTES, DOUBLE, DYN, INT, STRING } = CelScalar;

/** What an expression has used of what it may use. */
export interface Meter {
  /** False once it is all used: whatever comes out is then thrown away. */
  take(turns: number): boolean;
}

export const rangeFunction = "@range";
export const weighFunction = "@weigh";

/** `meter` says what the evaluation that runs now may take. */
export function celFunctions(meter: Meter): CelFunc[] {
  return [...strings, ...formats, ...numbers, ...bytes, ...collections, patternFunction, ...bounds(meter)];
}

const text = (name: string, test: (value: string) => boolean) =>
  celMethod(name, STRING, [], BOOL, function () {
    return test(this);
  });

const formats: readonly CelFunc[] = [
  text("isHostname", isHostname),
  text("isEmail", isEmail),
  text("isUri", isUri),
  text("isUriRef", isUriReference),
  text("isIp", (value) => isIp(value)),
  celMethod("isIp", STRING, [INT], BOOL, function (version) {
    return [0n, 4n, 6n].includes(version) && isIp(this, Number(version));
  }),
  text("isIpPrefix", (value) => isIpPrefix(value)),
  celMethod("isIpPrefix", STRING, [INT], BOOL, function (version) {
    return [0n, 4n, 6n].includes(version) && isIpPrefix(this, Number(version));
  }),
  celMethod("isIpPrefix", STRING, [BOOL], BOOL, function (isStrict) {
    return isIpPrefix(this, 0, isStrict);
  }),
  celMethod("isIpPrefix", STRING, [INT, BOOL], BOOL, function (version, isStrict) {
    return [0n, 4n, 6n].includes(version) && isIpPrefix(this, Number(version), isStrict);
  }),
  celMethod("isHostAndPort", STRING, [BOOL], BOOL, function (portRequired) {
    return isHostAndPort(this, portRequired);
  }),
];

const numbers: readonly CelFunc[] = [
  celMethod("isNan", DOUBLE, [], BOOL, function () {
    return Number.isNaN(this);
  }),
  celMethod("isInf", DOUBLE, [], BOOL, function () {
    return Math.abs(this) === Infinity;
  }),
  celMethod("isInf", DOUBLE, [INT], BOOL, function (sign) {
    return (sign >= 0n && this === Infinity) || (sign <= 0n && this === -Infinity);
  }),
];

const bytes: readonly CelFunc[] = [
  celMethod("contains", BYTES, [BYTES], BOOL, function (part) {
    return Buffer.from(this).includes(Buffer.from(part));
  }),
  celMethod("startsWith", BYTES, [BYTES], BOOL, function (part) {
    return Buffer.from(this.subarray(0, part.length)).equals(part);
  }),
  celMethod("endsWith", BYTES, [BYTES], BOOL, function (part) {
    return this.length >= part.length && Buffer.from(this.subarray(this.length - part.length)).equals(part);
  }),
];

const collections: readonly CelFunc[] = [
  celMethod("unique", listType(DYN), [], BOOL, function () {
    const seen = new Set<unknown>();
    for (const item of this) {
      const key = item instanceof Uint8Array ? `bytes ${Buffer.from(item).toString("latin1")}` : toKey(item);
      if (seen.has(key)) return false;
      seen.add(key);
    }
    return true;
  }),
  celFunc("getField", [DYN, STRING], DYN, (message, name) => {
    if (!isReflectMessage(message)) throw new Error("getField is for messages");
    return getField(message, name);
  }),
];

/** Equal values have equal keys; those of other kinds than scalars are equal to nothing. */
function toKey(item: unknown): unknown {
  if (typeof item === "number" && Number.isNaN(item)) return Symbol("NaN");
  if (typeof item !== "object" || item === null) return typeof item === "string" ? `string ${item}` : item;
  return "value" in item && typeof item.value === "bigint" ? `uint ${item.value}` : item;
}

function getField(message: ReflectMessage, name: string) {
  const field = message.fields.find((candidate) => candidate.name === name);
  if (field === undefined) throw new Error(`${message.desc.typeName} has no field ${name}`);
  switch (field.fieldKind) {
    case "list":
    case "map":
      return message.get(field);
    case "enum":
      return BigInt(message.get(field));
    case "scalar":
      return celFromScalar(field.scalar, message.get(field));
    default:
      if (message.isSet(field)) return message.get(field);
      return isWrapperDesc(field.message) ? null : create(field.message);
  }
}

/** Patterns written in a rule are few; one made of what a message holds must not be kept, nor be long. */
const compiled = new Map<string, RE2JS>();
const maxCompiled = 256;
const maxPatternLength = 1024;

const patternFunction = celMethod("matches", STRING, [STRING], BOOL, function (pattern) {
  let regex = compiled.get(pattern);
  if (regex === undefined) {
    if (pattern.length > maxPatternLength) throw new Error(`a pattern of more than ${maxPatternLength} characters`);
    regex = RE2JS.compile(pattern);
    if (compiled.size < maxCompiled) compiled.set(pattern, regex);
  }
  return regex.test(this);
});

/** Both answer with nothing of the kind once all is used, so that what is left of the evaluation is short. */
function bounds(meter: Meter): CelFunc[] {
  const bounded = (value: unknown, turns: number) => (meter.take(turns) ? value : nothingOf(value));
  return [
    celFunc(rangeFunction, [DYN], DYN, (value) => bounded(value, sizeOf(value)) as never),
    celFunc(weighFunction, [DYN], DYN, (value) => {
      const size = sizeOf(value);
      // A turn of a loop looks at about so many characters.
      return (size < 16 ? value : bounded(value, typeof value === "string" ? size >> 4 : size)) as never;
    }),
  ];
}

function sizeOf(value: unknown): number {
  if (typeof value === "string") return value.length;
  if (value instanceof Uint8Array) return value.length >> 4;
  return isCelList(value) || isCelMap(value) ? value.size : 0;
}

function nothingOf(value: unknown): unknown {
  if (typeof value === "string") return "";
  if (value instanceof Uint8Array) return new Uint8Array(0);
  if (isCelList(value)) return celList([]);
  return isCelMap(value) ? celMap(new Map()) : value;
}
