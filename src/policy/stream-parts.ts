// `stream` of a policy and `(sluice.stream)`: one reading for both, with one set of messages, and what a method cannot have of it.
import { parseTimeout } from "../metadata.ts";
import type { Method } from "../schema/descriptor.ts";
import { keepBounds, overflowNames } from "../schema/stream-rule.ts";
import type { OverflowRule, ResumeRule, StreamRule, StreamSettings } from "../schema/stream-rule.ts";
import { followTextPath, textScalar } from "../schema/text-path.ts";
import type { FieldFault, Kind, PartProblem } from "./parts.ts";

const fields: Readonly<Record<keyof StreamRule, string>> = {
  overflow: "overflow",
  resume: "resume_token",
  idleMs: "idle",
  lifetimeMs: "max_lifetime",
  webSocket: "ws",
  sse: "sse",
  ndjson: "ndjson",
};

export const streamKind: Kind<StreamRule> = {
  name: "stream",
  of: ({ stream }) => stream,
  fieldOf: (part, { overflow }) => (part === "overflow" && overflow?.kind === "conflate" ? "key" : fields[part]),
  isAbout: ({ kind }) => kind !== "unary",
  problemsOf: (method, { overflow, resume }) => [
    ...(overflow === undefined ? [] : overflowProblems(method, overflow)),
    ...(resume === undefined || resume === "off" ? [] : resumeProblems(method, resume)),
  ],
};

/** The parts that are said, without those that `fault` hears of. */
export function readStream(settings: StreamSettings, fault: FieldFault): Partial<StreamRule> {
  const { ws, sse, ndjson } = settings;
  const overflow = readOverflow(settings, fault);
  const resume = readResume(settings, fault);
  const idleMs = readTime(settings, "idle", fault);
  const lifetimeMs = readTime(settings, "max_lifetime", fault);
  return {
    ...(overflow === undefined ? {} : { overflow }),
    ...(resume === undefined ? {} : { resume }),
    ...(idleMs === undefined ? {} : { idleMs }),
    ...(lifetimeMs === undefined ? {} : { lifetimeMs }),
    ...(ws === undefined ? {} : { webSocket: ws }),
    ...(sse === undefined ? {} : { sse }),
    ...(ndjson === undefined ? {} : { ndjson }),
  };
}

function readOverflow({ overflow, key, keep }: StreamSettings, fault: FieldFault): OverflowRule | undefined {
  // A number in descriptors that name no value of it.
  const name = overflowNames.find((one, index) => overflow === one || Number(overflow) === index);
  if (key !== undefined && name !== "CONFLATE") fault("key", "key belongs to overflow: CONFLATE");
  if (keep !== undefined && name !== "DROP_OLDEST") fault("keep", "keep belongs to overflow: DROP_OLDEST");
  switch (name) {
    case "BLOCK":
      return { kind: "block" };
    case "CONFLATE":
      if (key !== undefined && key !== "") return { kind: "conflate", key };
      fault("overflow", "overflow: CONFLATE needs key, the field of the reply that tells messages apart");
      return undefined;
    case "DROP_OLDEST":
      return { kind: "drop-oldest", limit: readKeep(keep, fault) };
    case "DISCONNECT":
      return { kind: "disconnect" };
    default:
      return undefined;
  }
}

function readKeep(keep: number | undefined, fault: FieldFault): number {
  const { min, max, fallback } = keepBounds;
  if (keep === undefined) return fallback;
  if (keep >= min && keep <= max) return keep;
  fault("keep", `keep is ${keep}; ${min} to ${max} is expected`);
  return fallback;
}

function readResume(settings: StreamSettings, fault: FieldFault): ResumeRule | "off" | undefined {
  const { resume_token: token, resume_from: from } = settings;
  if (token === undefined && from === undefined) return undefined;
  if (!token && !from) return "off";
  if (!token) fault("resume_from", "resume_from needs resume_token, the field of the reply whose value it takes");
  else if (!from)
    fault("resume_token", "resume_token needs resume_from, the field of the request that takes its value");
  else return { token, from };
  return undefined;
}

function readTime(settings: StreamSettings, field: "idle" | "max_lifetime", fault: FieldFault): number | undefined {
  const written = settings[field];
  if (written === undefined || written === "") return undefined;
  const ms = parseTimeout(written);
  if (ms !== undefined && ms > 0) return ms;
  fault(field, `${field} is ${JSON.stringify(written)}; a positive duration is expected, e.g. "30s" or "10m"`);
  return undefined;
}

type Problem = PartProblem<StreamRule>;

function overflowProblems({ name, kind, output }: Method, overflow: OverflowRule): Problem[] {
  if (overflow.kind !== "block" && kind === "client-streaming") {
    const message = `overflow is about a stream of replies; ${name} is ${kind}, with one reply`;
    return [{ part: "overflow", field: "overflow", message }];
  }
  if (overflow.kind !== "conflate") return [];
  const path = followTextPath(output, overflow.key);
  if (typeof path !== "string") return [];
  return [{ part: "overflow", field: "key", message: `key is "${overflow.key}": ${path}` }];
}

function resumeProblems({ name, kind, input, output }: Method, { token, from }: ResumeRule): Problem[] {
  const problem = (field: "resume_token" | "resume_from", message: string): Problem[] => [
    { part: "resume", field, message },
  ];
  if (kind !== "server-streaming")
    return problem("resume_token", `only a server-streaming method can be resumed; ${name} is ${kind}`);
  const tokenPath = followTextPath(output, token);
  if (typeof tokenPath === "string") return problem("resume_token", `resume_token is "${token}": ${tokenPath}`);
  const fromPath = followTextPath(input, from);
  if (typeof fromPath === "string") return problem("resume_from", `resume_from is "${from}": ${fromPath}`);
  if (fromPath.length > 1) return problem("resume_from", "resume_from must be a field of the request itself");
  const [tokenType, fromType] = [textScalar(tokenPath), textScalar(fromPath)];
  if (tokenType === fromType) return [];
  return problem(
    "resume_from",
    `resume_from is "${from}", of type ${fromType}, and resume_token "${token}" of type ${tokenType}; they must be the same`,
  );
}
