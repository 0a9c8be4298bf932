import { expect } from "chai";
import { readRetryAfter } from "../../../src/front/rest/retry-after.ts";
import { field } from "./library.ts";

const url = "type.googleapis.com/google.rpc.RetryInfo";

function status(delay: readonly number[], typeUrl = url): Buffer {
  return field(3, Buffer.concat([field(1, typeUrl), field(2, field(1, Buffer.from(delay)))]));
}

describe("readRetryAfter", () => {
  it("rounds up to whole seconds", () => {
    expect(readRetryAfter(status([0x08, 2]))).to.equal("2");
    expect(readRetryAfter(status([0x08, 2, 0x10, 1]))).to.equal("3");
    expect(readRetryAfter(status([]))).to.equal("0");
  });

  it("finds it among other details", () => {
    expect(
      readRetryAfter(Buffer.concat([field(2, "message"), status([0x08, 9], "x/google.rpc.Help"), status([0x08, 5])])),
    ).to.equal("5");
  });

  it("is at most a day", () => {
    expect(readRetryAfter(status([0x08, 0xff, 0xff, 0xff, 0xff, 0xff, 0x7f]))).to.equal("86400");
  });

  it("is nothing for no RetryInfo, a negative delay, and malformed bytes", () => {
    const negative = [0x08, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x01];
    for (const bytes of [
      Buffer.alloc(0),
      status([0x08, 1], "x/y"),
      status(negative),
      Buffer.from([0x1a, 0x7f]),
      field(3, field(1, url)),
    ]) {
      expect(readRetryAfter(bytes)).to.equal(undefined);
    }
  });
});
