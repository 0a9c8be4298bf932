// What options of protos and entries of the configuration say part by part: `stream` and `http`.
import type { PolicyConfig } from "../config/config.ts";
import type { AnswerSettings } from "../schema/answer-rule.ts";
import type { Declared } from "../schema/descriptor.ts";
import type { StreamSettings } from "../schema/stream-rule.ts";
import { readAnswer } from "./answer-parts.ts";
import { isMessage } from "./option-values.ts";
import type { Fault } from "./option-values.ts";
import { nothingInParts } from "./parts.ts";
import type { ConfiguredParts, FieldFault, Said, SaidInParts } from "./parts.ts";
import type { Report } from "./placed.ts";
import { readStream } from "./stream-parts.ts";

interface OptionNames {
  readonly stream: string;
  readonly http: string;
}

type Settings = StreamSettings & AnswerSettings;

export function readDeclaredParts(declared: Declared, names: OptionNames, fault: Fault): SaidInParts {
  const read = <R>(
    option: string,
    reader: (settings: Settings, fault: FieldFault) => Partial<R>,
  ): Said<R> | undefined => {
    const written = declared.options.get(option);
    if (!isMessage(written)) return undefined;
    const at = (field: string): string => `${option}.${field}`;
    const settings: Settings = Object.fromEntries(written);
    const parts = reader(settings, (field, message) => fault(at(field), message));
    return { parts, positionOf: (field) => declared.optionPosition(field === undefined ? option : at(field)) };
  };
  return {
    stream: read(names.stream, readStream) ?? nothingInParts.stream,
    http: read(names.http, readAnswer) ?? nothingInParts.http,
  };
}

/** Of entries that say something of them. */
export function readConfiguredParts(policies: readonly PolicyConfig[], report: Report): ConfiguredParts[] {
  return policies.flatMap((policy, index) => {
    const { stream = {}, http = {}, positionOf } = policy;
    if (policy.stream === undefined && policy.http === undefined) return [];
    const reading = (name: "stream" | "http") => {
      const find = (field?: string) => positionOf(field === undefined ? [name] : [name, ...toKeys(field)]);
      const fault: FieldFault = (field, message) =>
        report({
          severity: "error",
          position: find(field),
          message: `policies[${index}].${name}: ${message}`,
          rule: "method-option",
        });
      return { positionOf: find, fault };
    };
    const [ofStream, ofHttp] = [reading("stream"), reading("http")];
    return [
      {
        policy,
        stream: { parts: readStream(stream, ofStream.fault), positionOf: ofStream.positionOf },
        http: { parts: readAnswer(http, ofHttp.fault), positionOf: ofHttp.positionOf },
      },
    ];
  });
}

/** `header[1]` as keys. */
function toKeys(field: string): readonly (string | number)[] {
  const [, name, index] = /^(\w+)\[(\d+)\]$/.exec(field) ?? [];
  return name === undefined ? [field] : [name, Number(index)];
}
