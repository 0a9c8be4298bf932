import { expect } from "chai";
import { createValidation } from "../../src/chain/validate.ts";
import type { FrontName } from "../../src/call.ts";
import { DiagnosticError } from "../../src/diagnostic.ts";
import type { Method } from "../../src/schema/descriptor.ts";
import { GatewayError } from "../../src/status.ts";
import { Rules } from "../validate/validate-text.ts";
import { newCall } from "./new-call.ts";

const text = `
  message M {
    string long_name = 1 [(buf.validate.field).string.max_len = 2];
    map<string, int32> by_key = 2 [(buf.validate.field).map.keys.string.min_len = 2];
    repeated int32 numbers = 3 [(buf.validate.field).cel = { id: "secret" expression: "this[0] > 0" }];
  }
  message Free { string name = 1; }
  message Wrong { string name = 1 [(buf.validate.field).string.pattern = "("]; }
`;

const methodOf = (rules: Rules, type: string) => ({ name: "t.S.Get", input: rules.schema.message(type)! }) as Method;

function createTap(front: FrontName, isChecked = true) {
  const rules = new Rules(text);
  const { validators } = rules;
  const interceptor = createValidation({ validators, maxViolations: 2, jsonNames: "json", isChecked: () => isChecked });
  const intercept = interceptor.compile(methodOf(rules, "M"));
  const call = newCall({ front });
  void intercept?.(call);
  const [tap] = call.requestTaps ?? [];
  return (message: unknown): GatewayError | undefined => {
    try {
      void tap(message instanceof Uint8Array ? message : rules.bytes(message));
      return undefined;
    } catch (error) {
      return error as GatewayError;
    }
  };
}

describe("createValidation", () => {
  const wrong = { longName: "abc", byKey: { a: 1 }, numbers: [1] };

  it("lets a sound message pass as it is", () => expect(createTap("rest")({ numbers: [1] })).to.equal(undefined));

  it("refuses one that breaks rules, with JSON names for JSON and those of the protos for gRPC", () => {
    const error = createTap("rest")(wrong);
    expect(error).to.include({ code: 3, httpStatus: 400, reason: "VALIDATION_FAILED" });
    expect(error?.message).to.equal("longName: must be at most 2 characters (and 1 more)");
    expect(error?.violations).to.deep.equal([
      { field: "longName", description: "must be at most 2 characters", reason: "string.max_len" },
      { field: "byKey.a", description: "the key must be at least 2 characters", reason: "string.min_len" },
    ]);
    expect(createTap("websocket")(wrong)?.violations[0].field).to.equal("longName");
    expect(createTap("grpc")(wrong)?.violations.map(({ field }) => field)).to.deep.equal(["long_name", "by_key.a"]);
  });

  it("keeps for the log which rule failed on a message", () => {
    const error = createTap("rest")({});
    expect(error).to.include({ code: 3, reason: "VALIDATION_IMPOSSIBLE" });
    expect(error?.message).to.not.contain("secret");
    expect(String(error?.cause)).to.contain("secret");
  });

  it("tells a client of bytes that are no message that they are its own", () => {
    expect(createTap("grpc")(Uint8Array.of(0x0a, 9))).to.include({ code: 3, reason: "MESSAGE_MALFORMED" });
  });

  it("costs methods nothing whose requests have no rules, and those it is not to check", () => {
    const rules = new Rules(text);
    const compile = (type: string, isChecked: boolean) =>
      createValidation({
        validators: rules.validators,
        maxViolations: 1,
        jsonNames: "json",
        isChecked: () => isChecked,
      }).compile(methodOf(rules, type));
    expect(compile("Free", true)).to.equal(undefined);
    expect(compile("M", false)).to.equal(undefined);
    expect(compile("Wrong", false)).to.equal(undefined);
    expect(() => compile("Wrong", true)).to.throw(DiagnosticError, "is no regular expression");
  });
});
