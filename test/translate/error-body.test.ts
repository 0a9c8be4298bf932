// Error bodies in their three shapes, with the gateway's own details and a backend's, known, unknown and broken.
import { expect } from "chai";
import fc from "fast-check";
import { Code, GatewayError, type GatewayErrorOptions } from "../../src/status.ts";
import { compileErrorWriter, type ErrorBodyOptions } from "../../src/translate/reply/error-body.ts";
import { compileJsonReader } from "../../src/translate/json/json-reader.ts";
import { grpcGatewayJson, strictJson } from "../../src/translate/options.ts";
import { schemaOf } from "../support/schema.ts";

const schema = schemaOf('syntax = "proto3"; package t; message Hint { string text = 1; int32 count = 2; }');

function write(
  code: Code,
  message: string,
  error: GatewayErrorOptions = {},
  options: Partial<ErrorBodyOptions> = {},
): unknown {
  const writer = compileErrorWriter(schema, { shape: "status", json: strictJson, ...options });
  return JSON.parse(Buffer.from(writer(new GatewayError(code, message, error)).body).toString());
}

function statusOf(value: unknown): Uint8Array {
  return compileJsonReader(
    schema.message("google.rpc.Status")!,
    schema,
    strictJson,
  )(Buffer.from(JSON.stringify(value)));
}

describe("compileErrorWriter", () => {
  it("writes google.rpc.Status", () => {
    expect(write(Code.NOT_FOUND, 'no "x"')).to.deep.equal({
      code: 5,
      message: 'no "x"',
      details: [],
    });
  });

  it("writes the reason and the fields of the gateway's own refusals", () => {
    const violations = [
      { field: "a.b", description: "is wrong", reason: "VALUE_INVALID" },
      { field: "", description: "is odd" },
    ];
    expect(
      write(Code.INVALID_ARGUMENT, "m", {
        reason: "VALUE_INVALID",
        metadata: { limit: "5" },
        violations,
      }),
    ).to.deep.equal({
      code: 3,
      message: "m",
      details: [
        {
          "@type": "type.googleapis.com/google.rpc.ErrorInfo",
          reason: "VALUE_INVALID",
          domain: "sluice",
          metadata: { limit: "5" },
        },
        { "@type": "type.googleapis.com/google.rpc.BadRequest", fieldViolations: violations },
      ],
    });
  });

  it("leaves them out for grpc-gateway", () => {
    const writer = compileErrorWriter(schema, {
      shape: "status",
      json: grpcGatewayJson,
      ownDetails: false,
    });
    const { contentType, body } = writer(new GatewayError(Code.NOT_FOUND, "Not Found", { reason: "ROUTE_UNKNOWN" }));
    expect(Buffer.from(body).toString()).to.equal('{"code":5,"message":"Not Found","details":[]}');
    expect(contentType).to.equal("application/json");
  });

  it("writes problem details", () => {
    const writer = compileErrorWriter(schema, { shape: "problem", json: strictJson });
    const { contentType, body } = writer(
      new GatewayError(Code.INVALID_ARGUMENT, "too big", {
        httpStatus: 413,
        reason: "BODY_TOO_LARGE",
      }),
    );
    expect(contentType).to.equal("application/problem+json");
    expect(JSON.parse(Buffer.from(body).toString())).to.deep.equal({
      type: "about:blank",
      title: "Payload Too Large",
      status: 413,
      detail: "too big",
      code: "INVALID_ARGUMENT",
      details: [
        {
          "@type": "type.googleapis.com/google.rpc.ErrorInfo",
          reason: "BODY_TOO_LARGE",
          domain: "sluice",
        },
      ],
    });
    expect(write(Code.CANCELLED, "gone", {}, { shape: "problem" })).to.include({
      title: "Client Closed Request",
      status: 499,
    });
  });

  it("writes what Google's APIs send", () => {
    expect(write(Code.NOT_FOUND, "m", {}, { shape: "google" })).to.deep.equal({
      error: { code: 404, message: "m", status: "NOT_FOUND", details: [] },
    });
  });
});

describe("details of a backend", () => {
  const known = { "@type": "type.googleapis.com/t.Hint", text: "try again", count: 0 };

  it("are written by their type", () => {
    const statusBytes = statusOf({
      code: 8,
      message: "full",
      details: [known, { "@type": "type.googleapis.com/google.rpc.RetryInfo", retryDelay: "1.5s" }],
    });
    expect(write(Code.RESOURCE_EXHAUSTED, "full", { statusBytes })).to.deep.equal({
      code: 8,
      message: "full",
      details: [known, { "@type": "type.googleapis.com/google.rpc.RetryInfo", retryDelay: "1.500s" }],
    });
  });

  it("degrade to base64 where the type is unknown", () => {
    const any = { typeUrl: "type.googleapis.com/x.Unknown", value: "AQID" };
    expect(
      write(Code.ABORTED, "m", {
        statusBytes: statusBytesWith(10, any.typeUrl, Buffer.from([1, 2, 3])),
      }),
    ).to.deep.equal({
      code: 10,
      message: "m",
      details: [{ "@type": any.typeUrl, value: "AQID" }],
    });
  });

  it("degrade to base64 where the bytes are not of the type", () => {
    expect(
      write(Code.ABORTED, "m", {
        statusBytes: statusBytesWith(10, "type.googleapis.com/t.Hint", Buffer.from([0x0a, 9])),
      }),
    ).to.deep.equal({
      code: 10,
      message: "m",
      details: [{ "@type": "type.googleapis.com/t.Hint", value: "Cgk=" }],
    });
  });

  it("are dropped when the status is malformed or of another code", () => {
    for (const statusBytes of [
      Buffer.from([0x1a, 200]),
      Buffer.from("nonsense"),
      statusOf({ code: 5, message: "other", details: [known] }),
    ]) {
      expect(write(Code.ABORTED, "m", { statusBytes })).to.deep.equal({
        code: 10,
        message: "m",
        details: [],
      });
    }
  });

  it("never make the writer throw or write what is not JSON", () => {
    fc.assert(
      fc.property(
        fc.uint8Array({ maxLength: 60 }),
        fc.constantFrom("status", "problem", "google"),
        (statusBytes, shape) => {
          expect(write(Code.ABORTED, "m", { statusBytes }, { shape })).to.be.an("object");
          expect(
            write(
              Code.ABORTED,
              "m",
              {
                statusBytes: statusBytesWith(10, "type.googleapis.com/google.rpc.BadRequest", statusBytes),
              },
              { shape },
            ),
          ).to.be.an("object");
        },
      ),
      { numRuns: 200 },
    );
  });
});

/** A google.rpc.Status by hand: code, message "m" and one detail of any bytes. */
function statusBytesWith(code: number, typeUrl: string, value: Uint8Array): Uint8Array {
  const any = Buffer.concat([
    Buffer.from([0x0a, typeUrl.length]),
    Buffer.from(typeUrl),
    Buffer.from([0x12, value.length]),
    value,
  ]);
  return Buffer.concat([Buffer.from([0x08, code, 0x12, 1, 0x6d, 0x1a, any.length]), any]);
}
