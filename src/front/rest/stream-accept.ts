// In which form the client wants the messages of a stream: an array, lines or events, by Accept or `?$alt`.
import type { StreamPolicy } from "../stream/stream-policy.ts";
import { malformedAccept, notAcceptable, parseAccept, weightOf } from "./accept.ts";
import type { Alt } from "./system-parameters.ts";
import { memoize } from "../../weighted.ts";

/** `jsonl` is `ndjson` under another name. */
export type StreamForm = "array" | "ndjson" | "jsonl" | "sse";

const types: Readonly<Record<StreamForm, readonly [string, ...string[]]>> = {
  array: ["application/json"],
  ndjson: ["application/x-ndjson", "application/ndjson"],
  jsonl: ["application/jsonl"],
  sse: ["text/event-stream"],
};

/** Of what a client likes equally, the first. */
const forms = Object.keys(types) as StreamForm[];

/** What is accepted, the best first; undefined: the header cannot be read. */
const formsOf = memoize((header: string): readonly StreamForm[] | undefined => {
  const items = parseAccept(header);
  if (items === undefined) return undefined;
  if (items.length === 0) return forms;
  const weights = new Map(forms.map((form) => [form, weightOf(items, types[form])]));
  const weightFor = (form: StreamForm): number => weights.get(form) ?? 0;
  return forms.filter((form) => weightFor(form) > 0).sort((a, b) => weightFor(b) - weightFor(a));
});

/** Throws 406 where the method has none of the forms, and 400 for an Accept that cannot be parsed. */
export function toStreamForm(accept: string | undefined, alt: Alt | undefined, policy: StreamPolicy): StreamForm {
  if (alt !== undefined) return fromAlt(alt, policy);
  if (accept === undefined || accept === "*/*") return "array";
  const accepted = formsOf(accept);
  if (accepted === undefined) throw malformedAccept();
  const form = accepted.find((candidate) => isOffered(candidate, policy));
  if (form === undefined)
    throw notAcceptable(`none of the media types in Accept can be streamed here; accept ${listOffered(policy)}`);
  return form;
}

function fromAlt(alt: Alt, policy: StreamPolicy): StreamForm {
  const form = alt === "json" ? "array" : alt;
  if (form !== "protobuf" && isOffered(form, policy)) return form;
  throw notAcceptable(`this stream has no form ${alt}; accept ${listOffered(policy)}`);
}

function isOffered(form: StreamForm, { sse, ndjson }: StreamPolicy): boolean {
  if (form === "array") return true;
  return form === "sse" ? sse : ndjson;
}

function listOffered(policy: StreamPolicy): string {
  return forms
    .filter((form) => isOffered(form, policy))
    .map((form) => types[form][0])
    .join(", ");
}
