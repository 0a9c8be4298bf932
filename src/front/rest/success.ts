// The `(sluice.http)` option of a method: status, Location and further headers of a successful answer.
import type { Method, OptionMessage, OptionValue } from "../../schema/descriptor.ts";
import { getMetadata, isReservedResponseHeader } from "../../metadata.ts";
import type { Metadata } from "../../metadata.ts";
import { compileFieldText } from "../../translate/reply/field-text.ts";
import type { FieldText } from "../../translate/reply/field-text.ts";
import type { OptionProblem } from "../front.ts";

export interface Success {
  readonly status: number;
  /** The text of the reply's field that locates the result. */
  readonly location: FieldText | undefined;
  readonly headers: readonly string[];
}

export interface ReadSuccess {
  /** Without what `problems` names. */
  readonly success: Success;
  readonly problems: readonly OptionProblem[];
}

const optionName = "(sluice.http)";
const plain: ReadSuccess = Object.freeze({
  success: Object.freeze({ status: 200, location: undefined, headers: [] }),
  problems: [],
});

/** Never throws; `problems` is for whoever checks the schema before serving it. */
export function readSuccess(method: Method): ReadSuccess {
  const option = method.options.get(optionName);
  if (!isOptionMessage(option)) return plain;
  const problems: OptionProblem[] = [];
  const report = (field: string, message: string): void => {
    problems.push({ option: `${optionName}.${field}`, message });
  };
  const success = {
    status: toStatus(option.get("status"), report),
    location: toLocation(option.get("location"), method, report),
    headers: toHeaders(option.get("header"), report),
  };
  return { success, problems };
}

type Report = (field: string, message: string) => void;

function isOptionMessage(value: OptionValue | undefined): value is OptionMessage {
  return value instanceof Map;
}

function toStatus(value: OptionValue | undefined, report: Report): number {
  if (value === undefined || value === 0) return 200;
  if (typeof value === "number" && Number.isInteger(value) && value >= 200 && value <= 299) return value;
  report("status", `status is ${typeof value === "number" ? value : "no number"}; a success is 200 to 299`);
  return 200;
}

function toLocation(value: OptionValue | undefined, method: Method, report: Report): FieldText | undefined {
  if (typeof value !== "string" || value === "") return undefined;
  const location = compileFieldText(method.output, value);
  if (typeof location === "function") return location;
  report("location", `location is "${value}": ${location}`);
  return undefined;
}

function toHeaders(value: OptionValue | undefined, report: Report): string[] {
  const headers: string[] = [];
  for (const line of Array.isArray(value) ? (value as readonly OptionValue[]) : []) {
    const text = typeof line === "string" ? line : "";
    const match = /^([!#$%&'*+.^`|~0-9A-Za-z-]+):[ \t]*([\x20-\x7e]*?)[ \t]*$/.exec(text);
    if (match === null) report("header", `header is ${JSON.stringify(text)}; "name: value" is expected`);
    else if (isReservedResponseHeader(match[1].toLowerCase()))
      report("header", `the header ${match[1]} is set by the gateway itself`);
    else headers.push(match[1].toLowerCase(), match[2]);
  }
  return headers;
}

/** The status a backend chose by `x-http-code` metadata; anything but a final success or redirect or error status is ignored. */
export function toHttpCode(headers: Metadata, trailers: Metadata = []): number | undefined {
  const text = getMetadata(headers, "x-http-code") ?? getMetadata(trailers, "x-http-code");
  return text !== undefined && /^[2-5]\d\d$/.test(text) ? Number(text) : undefined;
}
