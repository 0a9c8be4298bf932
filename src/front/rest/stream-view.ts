// What a client gets to see of a stream's messages: the form of the answer, and of each message what goes into it.
import type { StreamWay } from "../stream/census.ts";
import { EventStream } from "./event-stream.ts";
import { GatewayLines } from "./gateway-lines.ts";
import { JsonArray } from "./json-array.ts";
import { JsonLines } from "./json-lines.ts";
import { RawPieces } from "./raw-pieces.ts";
import { toStreamForm } from "./stream-accept.ts";
import type { StreamForm } from "./stream-accept.ts";
import type { AnswerForm } from "./stream-form.ts";
import type { StreamPlan } from "./stream-plan.ts";
import type { StreamSetup } from "./stream-run.ts";

/** `raw`: google.api.HttpBody. Those named after it are of profile grpc-gateway. */
export type ReplyForm = StreamForm | "raw" | "gateway-lines" | "gateway-raw";

export interface StreamView {
  /** The form is known only when the first message is: nothing can be sent before. */
  readonly needsFirst: boolean;
  /** `first` is undefined when none came in time, and `none` when there is none at all. */
  readonly open: (first: Uint8Array | "none" | undefined) => AnswerForm;
  /** What of a message goes into the form. Throws GatewayError. */
  readonly toContent: (message: Uint8Array) => Uint8Array;
}

/** Throws GatewayError (406, 400) where none suits the client. grpc-gateway does not ask what it accepts. */
export function chooseForm({ context, exchange, request, system }: StreamSetup): ReplyForm {
  const { plan, stream } = request;
  if (context.options.profile === "grpc-gateway" && system.alt === undefined)
    return plan.hasRawReply ? "gateway-raw" : "gateway-lines";
  if (plan.hasRawReply) return "raw";
  return toStreamForm(exchange.headers["accept"] as string | undefined, system.alt, stream.policy);
}

/** The name to count it under. */
export function wayOf(form: ReplyForm): StreamWay {
  if (form === "gateway-raw") return "raw";
  return form === "gateway-lines" || form === "jsonl" ? "ndjson" : form;
}

/** Throws GatewayError (400) for `$fields`. */
export function compileView({ request, system }: StreamSetup, form: ReplyForm): StreamView {
  const { stream } = request;
  const { toRaw } = stream;
  if (form === "raw" || form === "gateway-raw") {
    return {
      needsFirst: true,
      open: (first) => createForm(form, stream, first instanceof Uint8Array ? toRaw(first).contentType : ""),
      toContent: (message) => toRaw(message).body,
    };
  }
  // A line break would end a line, and an event's data.
  const pretty = system.pretty && form === "array";
  const toContent = stream.viewElements({ fields: system.fields, pretty, enums: system.enums });
  // What has no content has no type either, says grpc-gateway.
  const open: StreamView["open"] = (first) =>
    createForm(form, stream, form === "gateway-lines" && first === "none" ? "" : undefined);
  return { needsFirst: false, open, toContent };
}

/** The form of one answer; `rawType` is that of an HttpBody. */
export function createForm(
  form: ReplyForm,
  { isEnveloped, policy }: StreamPlan,
  rawType: string | undefined,
): AnswerForm {
  switch (form) {
    case "array":
      return new JsonArray();
    case "ndjson":
      return new JsonLines("application/x-ndjson", isEnveloped);
    case "jsonl":
      return new JsonLines("application/jsonl", isEnveloped);
    case "sse":
      return new EventStream({ isEnveloped, resume: policy.resume });
    case "raw":
      return new RawPieces(rawType ?? "");
    default:
      return new GatewayLines(rawType);
  }
}
