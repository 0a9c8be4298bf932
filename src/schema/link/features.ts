// Edition features: the defaults of each syntax level, and what a declaration's own options change.
import type { Edition, RawOptions, RawValue } from "../proto-file.ts";
import { DescriptorFields } from "../descriptor/fields.ts";
import { WireError } from "../descriptor/wire.ts";

/** The features of google.protobuf.FeatureSet that decide what is on the wire or in JSON. */
export interface Features {
  readonly fieldPresence: "EXPLICIT" | "IMPLICIT" | "LEGACY_REQUIRED";
  readonly enumType: "OPEN" | "CLOSED";
  readonly repeatedFieldEncoding: "PACKED" | "EXPANDED";
  readonly utf8Validation: "VERIFY" | "NONE";
  readonly messageEncoding: "LENGTH_PREFIXED" | "DELIMITED";
  readonly jsonFormat: "ALLOW" | "LEGACY_BEST_EFFORT";
}

const proto2: Features = {
  fieldPresence: "EXPLICIT",
  enumType: "CLOSED",
  repeatedFieldEncoding: "EXPANDED",
  utf8Validation: "NONE",
  messageEncoding: "LENGTH_PREFIXED",
  jsonFormat: "LEGACY_BEST_EFFORT",
};

const proto3: Features = {
  fieldPresence: "IMPLICIT",
  enumType: "OPEN",
  repeatedFieldEncoding: "PACKED",
  utf8Validation: "VERIFY",
  messageEncoding: "LENGTH_PREFIXED",
  jsonFormat: "ALLOW",
};

const edition2023: Features = { ...proto3, fieldPresence: "EXPLICIT" };

/** protobuf.dev, "Feature Settings for Editions"; 2024 changes none of these. */
export const defaultFeatures: Readonly<Record<Edition, Features>> = {
  proto2,
  proto3,
  "2023": edition2023,
  "2024": edition2023,
};

/** The field number of `features` in each options message. */
export const featuresNumber = {
  file: 50,
  message: 12,
  field: 21,
  oneof: 1,
  enum: 7,
  enumValue: 2,
  service: 34,
  method: 35,
} as const;

/** Per feature: its name in FeatureSet, its number, and its values by number (0 is "unknown"). */
const knownFeatures = [
  { key: "fieldPresence", name: "field_presence", number: 1, values: ["", "EXPLICIT", "IMPLICIT", "LEGACY_REQUIRED"] },
  { key: "enumType", name: "enum_type", number: 2, values: ["", "OPEN", "CLOSED"] },
  { key: "repeatedFieldEncoding", name: "repeated_field_encoding", number: 3, values: ["", "PACKED", "EXPANDED"] },
  { key: "utf8Validation", name: "utf8_validation", number: 4, values: ["", "", "VERIFY", "NONE"] },
  { key: "messageEncoding", name: "message_encoding", number: 5, values: ["", "LENGTH_PREFIXED", "DELIMITED"] },
  { key: "jsonFormat", name: "json_format", number: 6, values: ["", "ALLOW", "LEGACY_BEST_EFFORT"] },
] as const;

/** The features a declaration sets itself; undefined when it sets none. Wrong values are reported when the options are read. */
export function ownFeatures(options: RawOptions, number: number): Partial<Features> | undefined {
  return options.kind === "text" ? textFeatures(options) : bytesFeatures(options.bytes, number);
}

/** `inherited`, changed by what `options` say. */
export function resolveFeatures(inherited: Features, options: RawOptions, number: number): Features {
  const own = ownFeatures(options, number);
  return own === undefined ? inherited : { ...inherited, ...own };
}

/** `packed`, what the encoding of repeated fields was called before editions. */
export function packedOption(options: RawOptions): boolean | undefined {
  if (options.kind === "text") {
    const written = options.options.find(({ name }) => name.length === 1 && name[0] === "packed")?.value;
    return written?.kind === "identifier" ? written.text === "true" : undefined;
  }
  const fields = options.bytes.length === 0 ? undefined : readFields(options.bytes);
  return fields?.has(2) === true ? fields.bool(2) : undefined;
}

function textFeatures(options: RawOptions & { kind: "text" }): Partial<Features> | undefined {
  let own: Record<string, string> | undefined;
  for (const { name, value } of options.options) {
    if (name[0] !== "features") continue;
    own ??= {};
    if (name.length === 2) setFeature(own, name[1], value);
    if (name.length === 1 && value.kind === "message") {
      for (const entry of value.fields) setFeature(own, entry.name, entry.value);
    }
  }
  return own;
}

function setFeature(own: Record<string, string>, name: string, value: RawValue): void {
  const known = knownFeatures.find((feature) => feature.name === name);
  if (known === undefined || value.kind !== "identifier") return;
  if ((known.values as readonly string[]).includes(value.text)) own[known.key] = value.text;
}

function bytesFeatures(bytes: Uint8Array, number: number): Partial<Features> | undefined {
  const set = bytes.length === 0 ? undefined : readFields(bytes)?.message(number);
  const fields = set === undefined ? undefined : readFields(set);
  if (fields === undefined) return undefined;
  const own: Record<string, string> = {};
  for (const known of knownFeatures) {
    const value = known.values[fields.int(known.number) ?? 0];
    if (value !== undefined && value !== "") own[known.key] = value;
  }
  return own;
}

/** Malformed option bytes are reported once, where the options themselves are read. */
function readFields(bytes: Uint8Array): DescriptorFields | undefined {
  try {
    return new DescriptorFields(bytes);
  } catch (error) {
    if (error instanceof WireError) return undefined;
    throw error;
  }
}
