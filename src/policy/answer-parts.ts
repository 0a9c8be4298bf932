// `http` of a policy and `(sluice.http)`: one reading for both, with one set of messages, and what a method cannot have of it.
import { isReservedResponseHeader } from "../metadata.ts";
import { statusBounds } from "../schema/answer-rule.ts";
import type { AnswerRule, AnswerSettings } from "../schema/answer-rule.ts";
import { followTextPath } from "../schema/text-path.ts";
import type { FieldFault, Kind } from "./parts.ts";

const fields: Readonly<Record<keyof AnswerRule, string>> = {
  status: "status",
  location: "location",
  headers: "header",
};

export const answerKind: Kind<AnswerRule> = {
  name: "http",
  of: ({ http }) => http,
  fieldOf: (part) => fields[part],
  isAbout: () => true,
  problemsOf({ name, kind, output }, { location = "" }) {
    if (location === "") return [];
    const path = followTextPath(output, location);
    const problem =
      kind === "server-streaming" || kind === "bidi-streaming"
        ? `location is about one reply; ${name} is ${kind}`
        : typeof path === "string"
          ? `location is "${location}": ${path}`
          : undefined;
    return problem === undefined ? [] : [{ part: "location", field: "location", message: problem }];
  },
};

/** The parts that are said, without those that `fault` hears of. */
export function readAnswer({ status, location, header }: AnswerSettings, fault: FieldFault): Partial<AnswerRule> {
  const { min, max } = statusBounds;
  // Zero, as it is in a message, is what was not set.
  const isSaid = status !== undefined && status !== 0;
  const isSuccess = isSaid && status >= min && status <= max;
  if (isSaid && !isSuccess) fault("status", `status is ${status}; a success is ${min} to ${max}`);
  return {
    ...(isSuccess ? { status } : {}),
    ...(location === undefined ? {} : { location }),
    ...(header === undefined ? {} : { headers: readHeaders(header, fault) }),
  };
}

function readHeaders(lines: readonly string[], fault: FieldFault): string[] {
  return lines.flatMap((line, index) => {
    const at = `header[${index}]`;
    const match = /^([!#$%&'*+.^`|~0-9A-Za-z-]+):[ \t]*([\x20-\x7e]*?)[ \t]*$/.exec(line);
    const name = match?.[1].toLowerCase();
    if (match === null || name === undefined) fault(at, `header is ${JSON.stringify(line)}; "name: value" is expected`);
    else if (isReservedResponseHeader(name)) fault(at, `the header ${match[1]} is set by the gateway itself`);
    else return [name, match[2]];
    return [];
  });
}
