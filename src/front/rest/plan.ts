// Everything about a binding that can be settled once: its translators, timeout, body and answer.
import type { Binding } from "../../schema/binding.ts";
import type { Method, Schema } from "../../schema/descriptor.ts";
import { isHttpBody, isHttpBodyField } from "../../translate/http-body.ts";
import { compileReply, compileViewCheck } from "../../translate/reply/reply.ts";
import type { ReplyView, WriteReply } from "../../translate/reply/reply.ts";
import { compileRequest } from "../../translate/request/request.ts";
import type { ReadRequest } from "../../translate/request/request.ts";
import { compileTimeout } from "../deadline.ts";
import type { TimeoutOf } from "../deadline.ts";
import type { RestOptions } from "./options.ts";
import { compileStreamPlan } from "./stream-plan.ts";
import type { StreamPlan } from "./stream-plan.ts";
import { compileSuccess } from "./success.ts";
import type { Success } from "./success.ts";

export interface Plan {
  readonly binding: Binding;
  readonly method: Method;
  readonly readRequest: ReadRequest;
  readonly writeReply: WriteReply;
  /** Throws GatewayError (400, 406) for a view this binding cannot give. */
  readonly checkView: (view: ReplyView) => void;
  readonly timeoutOf: TimeoutOf;
  readonly success: Success;
  /** `raw`: google.api.HttpBody, any content type. */
  readonly body: "none" | "typed" | "raw";
  /** The reply is an HttpBody: its content type is the backend's to choose, whatever the client accepts. */
  readonly hasRawReply: boolean;
  /** Undefined for unary methods. */
  readonly stream: StreamPlan | undefined;
}

/** Plans are compiled when a binding is first called: a thousand routes start as fast as ten. */
export function createPlans(schema: Schema, options: RestOptions): (binding: Binding) => Plan {
  const plans = new Map<Binding, Plan>();
  return (binding) => {
    let plan = plans.get(binding);
    if (plan === undefined) {
      plan = compilePlan(binding, schema, options);
      plans.set(binding, plan);
    }
    return plan;
  };
}

function compilePlan(binding: Binding, schema: Schema, options: RestOptions): Plan {
  const { method } = binding;
  return {
    binding,
    method,
    readRequest: compileRequest(binding, schema, options),
    writeReply: compileReply(binding, schema, options),
    checkView: compileViewCheck(binding),
    timeoutOf: compileTimeout(method, options),
    success: compileSuccess(method, options),
    body: bodyKind(binding),
    hasRawReply: binding.responseBody === undefined ? isHttpBody(method.output) : isRawField(binding.responseBody),
    stream: method.kind === "unary" ? undefined : compileStreamPlan(binding, schema, options),
  };
}

function bodyKind({ body, method }: Binding): Plan["body"] {
  if (body.kind === "none") return "none";
  return (body.kind === "all" ? isHttpBody(method.input) : isRawField(body.field)) ? "raw" : "typed";
}

function isRawField(field: Parameters<typeof isHttpBodyField>[0]): boolean {
  return field.cardinality === "singular" && isHttpBodyField(field);
}
