// Everything about a method and a codec that can be settled once.
import type { Chain } from "../../call.ts";
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
import type { Census, StreamTally } from "../stream/census.ts";
import { endless } from "../stream/stream-clock.ts";
import type { StreamTimes } from "../stream/stream-clock.ts";
import { compileStreamPolicy, toStreamTimes } from "../stream/stream-policy.ts";
import type { Overflow } from "../stream/stream-policy.ts";
import type { Sweep } from "../stream/sweep.ts";
import { isOpaque } from "./method-table.ts";
import type { GrpcOptions } from "./options.ts";

/** What the whole front shares. */
export interface GrpcContext {
  readonly options: GrpcOptions;
  readonly chain: Chain;
  readonly forwardedOf: (exchange: Exchange) => Forwarded;
  readonly requestMetadata: (exchange: Exchange, forwarded: Forwarded) => Metadata;
  readonly sweep: Sweep;
}

export interface GrpcPlan {
  readonly method: Method;
  readonly codec: CodecName;
  readonly timeoutOf: TimeoutOf;
  /** Of streaming calls: the three below. */
  readonly overflow: Overflow;
  readonly times: StreamTimes;
  readonly tally: StreamTally;
  /** Protobuf bytes of a request message; throws GatewayError (INVALID_ARGUMENT). Undefined where they are what came. */
  readonly readMessage: ((bytes: Uint8Array) => Uint8Array) | undefined;
  /** What a reply message is sent as. Undefined where that is its protobuf bytes. */
  readonly writeMessage: ((message: Uint8Array) => Uint8Array) | undefined;
}

export interface PlanOptions {
  readonly schema: Schema;
  readonly options: GrpcOptions;
  readonly census: Census;
  readonly isEndless: (method: Method) => boolean;
}

/** Compiled when first asked for. Opaque methods are not kept: clients make up their names. */
export function createPlans(shared: PlanOptions): (method: Method, codec: CodecName) => GrpcPlan {
  const plans: Readonly<Record<CodecName, Map<Method, GrpcPlan>>> = { proto: new Map(), json: new Map() };
  return (method, codec) => {
    const known = plans[codec];
    let plan = known.get(method);
    if (plan === undefined) {
      plan = compilePlan(method, codec, shared);
      if (!isOpaque(method)) known.set(method, plan);
    }
    return plan;
  };
}

/** What methods without a proto are counted as, all together. */
const opaque = { name: "unknown", kind: "bidi-streaming" } as const;

function compilePlan(method: Method, codec: CodecName, shared: PlanOptions): GrpcPlan {
  const { schema, options, census, isEndless } = shared;
  const isJson = codec === "json";
  if (isJson && isOpaque(method)) {
    const message = `${method.service.name} has no proto here, and without one there is no JSON; use application/grpc`;
    throw new GatewayError(Code.UNIMPLEMENTED, message, { reason: "METHOD_UNKNOWN" });
  }
  const policy = compileStreamPolicy(method, options);
  return {
    method,
    codec,
    timeoutOf: compileTimeout(method, options),
    overflow: policy.overflow,
    times: isEndless(method) ? endless : toStreamTimes(policy, options.streams),
    tally: census.tallyOf(isOpaque(method) ? opaque : method, "grpc"),
    readMessage: isJson ? compileJsonReader(method.input, schema, options.json) : undefined,
    writeMessage: isJson ? compileJsonWriter(method.output, schema, options.json) : undefined,
  };
}
