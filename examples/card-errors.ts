// The test cards of shop.v1.Payments that fail: last four digits → the status a real bank's gateway would send.
import { status } from "@grpc/grpc-js";
import { RpcError } from "./rpc-error.ts";
import type { Payment } from "./shop.ts";

const domain = "bank.example.com";

type CardError = (payment: Payment) => RpcError;

export const cardErrors: ReadonlyMap<string, CardError> = new Map<string, CardError>([
  [
    "4001",
    () =>
      new RpcError(status.INVALID_ARGUMENT, "the bank knows no such card", [
        {
          type: "BadRequest",
          field_violations: [{ field: "payment.card.number", description: "is not a card of this bank" }],
        },
      ]),
  ],
  [
    "4003",
    () =>
      new RpcError(status.PERMISSION_DENIED, "the card is reported stolen", [
        { type: "ErrorInfo", reason: "CARD_STOLEN", domain },
        {
          type: "Help",
          links: [{ description: "What to do with a found card", url: "https://bank.example.com/found" }],
        },
      ]),
  ],
  [
    "4009",
    (payment) =>
      new RpcError(status.ABORTED, "somebody else pays this order at this moment", [
        { type: "ErrorInfo", reason: "ORDER_LOCKED", domain: "shop.example.com", metadata: { order: payment.order } },
      ]),
  ],
  [
    "4012",
    (payment) =>
      new RpcError(status.FAILED_PRECONDITION, "there is not enough money on the card", [
        { type: "ErrorInfo", reason: "INSUFFICIENT_FUNDS", domain },
        {
          type: "PreconditionFailure",
          violations: [{ type: "FUNDS", subject: payment.order, description: "the card has less than the amount" }],
        },
      ]),
  ],
  [
    "4029",
    () =>
      new RpcError(status.RESOURCE_EXHAUSTED, "too many tries with this card", [
        { type: "QuotaFailure", violations: [{ subject: "card", description: "3 tries in 30 seconds" }] },
        { type: "RetryInfo", retry_delay: { seconds: 30 } },
      ]),
  ],
  [
    "5003",
    () =>
      new RpcError(status.UNAVAILABLE, "the bank is closed", [
        { type: "RetryInfo", retry_delay: { seconds: 1, nanos: 500_000_000 } },
      ]),
  ],
  ["5000", () => new RpcError(status.INTERNAL, "the bank dropped its books")],
]);
