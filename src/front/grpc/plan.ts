// Everything about a method and a codec that can be settled once.
import type { Handler } from "../../call.ts";
import type { Metadata } from "../../metadata.ts";
import type { Method, Schema } from "../../schema/descriptor.ts";
import { compileJsonReader } from "../../translate/json/json-reader.ts";
import { compileJsonWriter } from "../../translate/json/json-writer.ts";
import { Code, GatewayError } from "../../status.ts";
import { compileTimeout } from "../deadline.ts";
import type { TimeoutOf } from "../deadline.ts";
import type { Forwarded } from "../forwarded.ts";
import type { Exchange } from "../front.ts";
import type { CodecName } from "./codec.ts";
import { isOpaque } from "./method-table.ts";
import type { GrpcOptions } from "./options.ts";

/** What the whole front shares. */
export interface GrpcContext {
  readonly options: GrpcOptions;
  readonly handler: Handler;
  readonly forwardedOf: (exchange: Exchange) => Forwarded;
  readonly requestMetadata: (exchange: Exchange, forwarded: Forwarded) => Metadata;
}

export interface GrpcPlan {
  readonly method: Method;
  readonly codec: CodecName;
  readonly timeoutOf: TimeoutOf;
  /** Protobuf bytes of a request message; throws GatewayError (INVALID_ARGUMENT). Undefined where they are what came. */
  readonly readMessage: ((bytes: Uint8Array) => Uint8Array) | undefined;
  /** What a reply message is sent as. Undefined where that is its protobuf bytes. */
  readonly writeMessage: ((message: Uint8Array) => Uint8Array) | undefined;
}

/** Compiled when first asked for. Opaque methods are not kept: clients make up their names. */
export function createPlans(schema: Schema, options: GrpcOptions): (method: Method, codec: CodecName) => GrpcPlan {
  const plans: Readonly<Record<CodecName, Map<Method, GrpcPlan>>> = { proto: new Map(), json: new Map() };
  return (method, codec) => {
    const known = plans[codec];
    let plan = known.get(method);
    if (plan === undefined) {
      plan = compilePlan(method, codec, schema, options);
      if (!isOpaque(method)) known.set(method, plan);
    }
    return plan;
  };
}

function compilePlan(method: Method, codec: CodecName, schema: Schema, options: GrpcOptions): GrpcPlan {
  const isJson = codec === "json";
  if (isJson && isOpaque(method)) {
    const message = `${method.service.name} has no proto here, and without one there is no JSON; use application/grpc`;
    throw new GatewayError(Code.UNIMPLEMENTED, message, { reason: "METHOD_UNKNOWN" });
  }
  return {
    method,
    codec,
    timeoutOf: compileTimeout(method, options),
    readMessage: isJson ? compileJsonReader(method.input, schema, options.json) : undefined,
    writeMessage: isJson ? compileJsonWriter(method.output, schema, options.json) : undefined,
  };
}
