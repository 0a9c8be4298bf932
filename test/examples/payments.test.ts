import { status } from "@grpc/grpc-js";
import { expect } from "chai";
import { startExamples } from "../../examples/start.ts";
import type { Examples } from "../../examples/start.ts";
import { connect } from "./client.ts";
import type { TestClient } from "./client.ts";

describe("example shop.v1.Payments", () => {
  let examples: Examples;
  let payments: TestClient;

  beforeEach(async () => {
    examples = await startExamples({ port: 0 });
    payments = connect(examples, "shop.v1.Payments");
  });

  afterEach(async () => {
    payments.stub.close();
    await examples.close();
  });

  const request = (ending: string): { payment: object; request_id?: string } => ({
    payment: {
      order: "users/ada/orders/1001",
      amount: { currency: "EUR", minor_units: "5950" },
      card: { number: `00000000${ending}`, expiry_month: 1, expiry_year: 2030 },
    },
  });

  it("authorizes, captures and refunds", async () => {
    const payment = await payments.call("CreatePayment", request("0042"));
    expect(payment).to.include({ name: "payments/1", state: "AUTHORIZED" });
    expect(payment.card.number).to.equal("…0042");
    const tooMuch = { name: payment.name, amount: { currency: "EUR", minor_units: "5951" } };
    expect((await payments.fail("CapturePayment", tooMuch)).code).to.equal(status.OUT_OF_RANGE);
    expect((await payments.call("CapturePayment", { name: payment.name })).captured.minor_units).to.equal("5950");
    expect((await payments.call("RefundPayment", { name: payment.name })).state).to.equal("REFUNDED");
    const twice = await payments.fail("RefundPayment", { name: payment.name });
    expect(twice.details.PreconditionFailure.violations[0].type).to.equal("PAYMENT_STATE");
  });

  it("makes one payment of a request_id sent twice", async () => {
    const again = { ...request("0042"), request_id: "r1" };
    expect((await payments.call("CreatePayment", again)).name).to.equal("payments/1");
    expect((await payments.call("CreatePayment", again)).name).to.equal("payments/1");
    expect((await payments.call("CreatePayment", request("0042"))).name).to.equal("payments/2");
  });

  it("reports all that is wrong with a payment at once", async () => {
    const failure = await payments.fail("CreatePayment", { payment: {} });
    expect(failure.details.BadRequest.field_violations).to.have.length(3);
  });

  const cards: readonly (readonly [ending: string, code: status, ...details: string[]])[] = [
    ["4001", status.INVALID_ARGUMENT, "BadRequest"],
    ["4003", status.PERMISSION_DENIED, "ErrorInfo", "Help"],
    ["4009", status.ABORTED, "ErrorInfo"],
    ["4012", status.FAILED_PRECONDITION, "ErrorInfo", "PreconditionFailure"],
    ["4029", status.RESOURCE_EXHAUSTED, "QuotaFailure", "RetryInfo"],
    ["5003", status.UNAVAILABLE, "RetryInfo"],
    ["5000", status.INTERNAL],
    ["9999", status.INVALID_ARGUMENT, "BadRequest"],
  ];
  for (const [ending, code, ...details] of cards) {
    it(`answers a card that ends in ${ending} with ${status[code]} and ${details.join(" and ") || "no details"}`, async () => {
      const failure = await payments.fail("CreatePayment", request(ending));
      expect(failure.code).to.equal(code);
      expect(Object.keys(failure.details)).to.deep.equal(details);
    });
  }

  it("sends the delay of RetryInfo", async () => {
    const failure = await payments.fail("CreatePayment", request("5003"));
    expect(failure.details.RetryInfo.retry_delay).to.deep.equal({ seconds: "1", nanos: 500_000_000 });
  });

  it("never answers a card that ends in 5004, until the caller gives up", (done) => {
    const call = payments.stub.CreatePayment?.(request("5004"), (error: { code: number } | null) => {
      expect(error?.code).to.equal(status.CANCELLED);
      done();
    });
    call.cancel();
  });
});
