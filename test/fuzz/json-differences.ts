// The documented differences to @bufbuild/protobuf in reading JSON (docs/json-differences.md), each as a test of one case:
// what neither agrees nor is listed here is a mistake.

export interface JsonCase {
  readonly text: string;
  /** Reason and message of the refusal; undefined where it was accepted. */
  readonly ours: string | undefined;
  readonly theirs: string | undefined;
  readonly ignoresUnknown: boolean;
}

export interface Difference {
  /** As the page names it. */
  readonly name: string;
  /** A text for `t.Example` below that shows it. */
  readonly example: string;
  readonly onlyWhereUnknownIsIgnored?: boolean;
  readonly explains: (found: JsonCase) => boolean;
}

const stringToken = /"((?:[^"\\]|\\.)*)"/gsu;
const numberToken = /-?\d[\d.]*(?:[eE][+-]?\d+)?/g;

function quotedTexts(text: string): string[] {
  return [...text.matchAll(stringToken)].map((match) => unescape(match[1]));
}

function unescape(content: string): string {
  try {
    return JSON.parse(`"${content}"`) as string;
  } catch {
    return content;
  }
}

const jsonNumber = /^-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?$/;

/** A decimal number as its digits and their exponent, to compare without rounding. */
function exactly(number: string): string {
  const match = /^(-?)(\d+)(?:\.(\d+))?(?:e([+-]?\d+))?$/i.exec(number);
  if (match === null) return number;
  const digits = (match[2] + (match[3] ?? "")).replace(/^0+/, "");
  const significant = digits.replace(/0+$/, "");
  if (significant === "") return "0";
  return `${match[1]}${significant}e${Number(match[4] ?? 0) - (match[3] ?? "").length + digits.length - significant.length}`;
}

/** Whether JSON.parse gives another number than the one that is written. */
function isRounded(number: string): boolean {
  const parsed = Number(number);
  // The shortest text of a large double need not be its value.
  if (/^-?\d+$/.test(number)) return !Number.isFinite(parsed) || BigInt(number) !== BigInt(parsed);
  return exactly(number) !== exactly(String(parsed));
}

export const differences: readonly Difference[] = [
  {
    name: "Numbers are exact",
    example: '{"big":9007199254740993}',
    explains: ({ text }) => (text.match(numberToken) ?? []).some(isRounded),
  },
  {
    name: "Numbers in strings are JSON numbers",
    example: '{"small":"0x10"}',
    explains: ({ text, ours, theirs }) =>
      ours !== undefined && theirs === undefined
        ? ours.startsWith("VALUE_INVALID") &&
          quotedTexts(text).some(
            (content) => !jsonNumber.test(content) && content !== "" && Number.isFinite(Number(content)),
          )
        : ours === undefined &&
          /expected bigint/.test(theirs ?? "") &&
          quotedTexts(text).some((content) => jsonNumber.test(content) && /[.eE]/.test(content)),
  },
  {
    name: "Unknown fields beside the value of an Any",
    example: '{"any":{"@type":"type.googleapis.com/google.protobuf.Duration","value":"1s","more":1}}',
    explains: ({ ours, theirs }) =>
      theirs === undefined && /^FIELD_UNKNOWN: .* inside an Any has only "value"/s.test(ours ?? ""),
  },
  {
    name: "Duplicate keys in what is skipped",
    example: '{"unknown":1,"unknown":2}',
    onlyWhereUnknownIsIgnored: true,
    explains: ({ ours, theirs, ignoresUnknown }) =>
      ours === undefined && ignoresUnknown && /duplicate object key/.test(theirs ?? ""),
  },
  {
    name: "Map keys are checked where the value is ignored",
    example: '{"states":{"x":"NONE"}}',
    onlyWhereUnknownIsIgnored: true,
    explains: ({ ours, theirs, ignoresUnknown }) =>
      theirs === undefined && ignoresUnknown && /^VALUE_\w+: .*(?:expected|range for) .*/s.test(ours ?? ""),
  },
  {
    name: "Numbers of closed enums pass where unknown fields are ignored",
    example: '{"closed":7}',
    onlyWhereUnknownIsIgnored: true,
    explains: ({ ours, theirs, ignoresUnknown }) =>
      ours === undefined && ignoresUnknown && /expected enum t\.E\d, got -?\d+$/.test(theirs ?? ""),
  },
  {
    name: "The prefix of a type URL is kept",
    example: '{"any":{"@type":"types.example.com/google.protobuf.Duration","value":"1s"}}',
    explains: ({ text, ours, theirs }) =>
      ours === undefined &&
      theirs === undefined &&
      quotedTexts(text).some(
        (content) => /\/(?:t|google\.protobuf)\.\w+$/.test(content) && !/^type\.googleapis\.com\/[^/]*$/.test(content),
      ),
  },
  {
    name: "The value of an Any",
    example: '{"any":{"@type":"type.googleapis.com/google.protobuf.Int32Value","value":null}}',
    explains: ({ ours, theirs }) =>
      theirs === undefined && /inside an Any needs "value"|\.value: expected .*, found null/.test(ours ?? ""),
  },
  {
    name: "Lone surrogates",
    example: '{"unknown":"\\ud800"}',
    onlyWhereUnknownIsIgnored: true,
    explains: ({ text, ours, theirs }) =>
      theirs === undefined && /^UTF8_INVALID: .*surrogate/s.test(ours ?? "") && /\\u[dD][89a-fA-F]/.test(text),
  },
  {
    name: "Base64 is well-formed",
    example: '{"data":"A==="}',
    explains: ({ ours, theirs }) => theirs === undefined && /^VALUE_INVALID: .*expected base64/s.test(ours ?? ""),
  },
  {
    name: "Timestamps are dates of the calendar",
    example: '{"at":"2026-01-31T24:00:00Z"}',
    explains: ({ text, ours, theirs }) =>
      theirs === undefined &&
      /^VALUE_INVALID: .*RFC 3339/s.test(ours ?? "") &&
      /T24:00:00|-02-3\d|-(?:04|06|09|11|02)-31|-02-29/.test(text),
  },
  {
    name: "Durations end behind the s",
    example: '{"wait":"1s "}',
    explains: ({ text, ours, theirs }) =>
      theirs === undefined &&
      /^VALUE_INVALID: .*expected a duration/s.test(ours ?? "") &&
      quotedTexts(text).some((content) => /^-?\d+(?:\.\d+)?s./s.test(content)),
  },
  {
    name: "Null for a member of a oneof",
    example: '{"inner":null,"other":"x"}',
    explains: ({ text, ours, theirs }) =>
      ours === undefined && /oneof set multiple times/.test(theirs ?? "") && /:\s*null/.test(text),
  },
  {
    name: "Paths of a field mask have names",
    example: '{"mask":"a,,b"}',
    explains: ({ text, ours, theirs }) =>
      theirs === undefined &&
      /^VALUE_INVALID: .*field path of a field mask/s.test(ours ?? "") &&
      quotedTexts(text).some((content) => /^,|,,|,$/.test(content)),
  },
];

/** What the examples are for. */
export const exampleProto = `
edition = "2023";
package t;
import "google/protobuf/any.proto";
import "google/protobuf/duration.proto";
import "google/protobuf/field_mask.proto";
import "google/protobuf/timestamp.proto";
import "google/protobuf/wrappers.proto";
enum E0 { option features.enum_type = CLOSED; E0_A = 0; }
message Example {
  int64 big = 1; int32 small = 2; string text = 3; bytes data = 4; E0 closed = 5; map<int32, E0> states = 6;
  google.protobuf.Any any = 7; google.protobuf.Timestamp at = 8; google.protobuf.FieldMask mask = 9; google.protobuf.Duration wait = 12;
  oneof choice { Example inner = 10; string other = 11; }
}`;
