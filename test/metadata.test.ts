import { expect } from "chai";
import fc from "fast-check";
import {
  emptyMetadata,
  getMetadata,
  isMetadataName,
  isMetadataText,
  isReservedMetadata,
  isReservedResponseHeader,
  parseGrpcTimeout,
  parseTimeout,
  toBinaryValue,
} from "../src/metadata.ts";

describe("getMetadata", () => {
  it("is the first value of a name, never that of a value that looks like one", () => {
    expect(getMetadata(["a", "b", "b", "1", "b", "2"], "b")).to.equal("1");
    expect(getMetadata(["a", "b"], "b")).to.equal(undefined);
    expect(getMetadata(emptyMetadata, "a")).to.equal(undefined);
  });
});

describe("isMetadataName and isMetadataText", () => {
  it("accept what gRPC does", () => {
    expect(["a", "x-1_2.3", "a-bin"].every(isMetadataName)).to.equal(true);
    expect(["", "A", ":a", "a b", "ä", "a\n"].some(isMetadataName)).to.equal(false);
    expect(["", " ", "~"].every(isMetadataText)).to.equal(true);
    expect(["\t", "\n", "\x7f", "ä", "a\0"].some(isMetadataText)).to.equal(false);
  });
});

describe("isReservedMetadata", () => {
  it("knows a reserved name in any spelling", () => {
    for (const name of [
      "grpc-status",
      "Grpc_Status",
      "GRPC-STATUS-BIN",
      "Grpc-Metadata-Grpc-Status",
      "grpc_metadata_grpc-metadata-te",
      "connect-timeout-ms",
      ":path",
      "x-forwarded-for",
      "x_forwarded_for",
      "X-Forwarded-Host-Bin",
      "te",
      "content_length",
      "grpcgateway-authorization",
      "Grpc-Metadata-",
      "",
    ]) {
      expect(isReservedMetadata(name), name).to.equal(true);
    }
  });

  it("leaves other names to their owners", () => {
    for (const name of ["authorization", "x-request-id", "grpc", "my-grpc-status", "x-bin", "Grpc-Metadata-Tenant"]) {
      expect(isReservedMetadata(name), name).to.equal(false);
    }
  });
});

describe("isReservedResponseHeader", () => {
  it("keeps framing and content headers from backends", () => {
    expect(
      ["content-length", "transfer-encoding", "connection", "content-type", "grpc-status"].every(
        isReservedResponseHeader,
      ),
    ).to.equal(true);
    expect(["x-request-id", "etag", "cache-control"].some(isReservedResponseHeader)).to.equal(false);
  });
});

describe("toBinaryValue", () => {
  it("takes base64 with or without padding to one form", () => {
    expect(["", "AQ", "AQ==", "AQI=", "AQID"].map(toBinaryValue)).to.deep.equal(["", "AQ", "AQ", "AQI", "AQID"]);
  });

  it("refuses everything else", () => {
    for (const text of ["A", "AQ=", "AQI==", "AQ-_", "A Q", "AQID=", "=", "AQ\n"])
      expect(toBinaryValue(text), text).to.equal(undefined);
  });

  it("keeps the bytes", () => {
    fc.assert(
      fc.property(fc.uint8Array(), (bytes) => {
        const text = Buffer.from(bytes).toString("base64");
        return Buffer.from(toBinaryValue(text) ?? "?", "base64").equals(Buffer.from(bytes));
      }),
    );
  });
});

describe("parseGrpcTimeout", () => {
  it("reads every unit", () => {
    expect(["1H", "1M", "1S", "1m", "1000u", "1000000n", "99999999H"].map(parseGrpcTimeout)).to.deep.equal([
      3_600_000, 60_000, 1000, 1, 1, 1, 359_999_996_400_000,
    ]);
  });

  it("refuses more than eight digits, signs, fractions and other units", () => {
    for (const text of ["", "1", "S", "+1S", "1.5S", "123456789S", "1s", " 1S", "1S\n"])
      expect(parseGrpcTimeout(text), text).to.equal(undefined);
  });
});

describe("parseTimeout", () => {
  it("reads Go's durations", () => {
    expect(["1.5s", "500ms", "1h30m", "1000us", "1000µs", "1000000ns", "0s"].map(parseTimeout)).to.deep.equal([
      1500, 500, 5_400_000, 1, 1, 1, 0,
    ]);
  });

  it("refuses everything else", () => {
    for (const text of ["", "1", "s", "-1s", "1d", "1s ", ".5s", "1e3s", `${"1".repeat(40)}s`])
      expect(parseTimeout(text), text).to.equal(undefined);
  });
});
