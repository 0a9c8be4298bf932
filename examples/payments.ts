// shop.v1.Payments: every way to fail, chosen by the last digits of a card.
import { status } from "@grpc/grpc-js";
import type { ServerUnaryCall } from "@grpc/grpc-js";
import { cardErrors } from "./card-errors.ts";
import { invalidArgument, notFound, RpcError } from "./rpc-error.ts";
import { unary } from "./serve.ts";
import type { ServiceSource } from "./serve.ts";
import type { Money, Payment, Shop } from "./shop.ts";

export function createPayments(shop: Shop): ServiceSource {
  return {
    service: "shop.v1.Payments",
    file: "shop/v1/payments.proto",
    implementation: {
      CreatePayment: unary((request: CreateRequest, call) => createPayment(shop, request, call)),
      GetPayment: unary(({ name }: { name: string }) => getPayment(shop, name)),
      CapturePayment: unary((request: { name: string; amount: Money | null }) => capturePayment(shop, request)),
      RefundPayment: unary(({ name }: { name: string }) => {
        const payment = getPayment(shop, name);
        requireState(payment, "CAPTURED", "refunded");
        return save(shop, { ...payment, state: "REFUNDED" });
      }),
    },
  };
}

interface CreateRequest {
  readonly payment: Payment | null;
  readonly request_id: string;
}

async function createPayment(
  shop: Shop,
  request: CreateRequest,
  call: ServerUnaryCall<unknown, unknown>,
): Promise<Payment> {
  const { payment, request_id } = request;
  const earlier = request_id === "" ? undefined : shop.paymentRequests.get(request_id);
  if (earlier !== undefined) return earlier;
  if (payment === null) throw invalidArgument("payment", "is missing");
  checkPayment(shop, payment);
  await checkCard(payment, call);
  const created = save(shop, {
    ...payment,
    name: `payments/${shop.payments.size + 1}`,
    ...(payment.card ? { card: { ...payment.card, number: `…${payment.card.number.slice(-4)}` } } : {}),
    state: "AUTHORIZED",
    captured: null,
    create_time: shop.now,
  });
  if (request_id !== "") shop.paymentRequests.set(request_id, created);
  return created;
}

function checkPayment(shop: Shop, payment: Payment): void {
  const wrong: { field: string; description: string }[] = [];
  if (!shop.orders.has(payment.order))
    wrong.push({ field: "payment.order", description: "is not an order of this shop" });
  if (BigInt(payment.amount?.minor_units ?? 0) <= 0n) {
    wrong.push({ field: "payment.amount.minor_units", description: "must be more than 0" });
  }
  if (!payment.card && payment.voucher === undefined) {
    wrong.push({ field: "payment.card", description: "is missing; pay with a card or a voucher" });
  }
  if (payment.card && !/^\d{12,19}$/.test(payment.card.number)) {
    wrong.push({ field: "payment.card.number", description: "must have 12 to 19 digits" });
  }
  if (wrong.length === 0) return;
  const message = wrong.map(({ field, description }) => `${field} ${description}`).join("; ");
  throw new RpcError(status.INVALID_ARGUMENT, message, [{ type: "BadRequest", field_violations: wrong }]);
}

async function checkCard(payment: Payment, call: ServerUnaryCall<unknown, unknown>): Promise<void> {
  if (!payment.card) return;
  const ending = payment.card.number.slice(-4);
  if (ending === "5004") await untilCancelled(call);
  const error = cardErrors.get(ending);
  if (error !== undefined) throw error(payment);
  if (!ending.startsWith("0"))
    throw invalidArgument("payment.card.number", "is no test card; see the table at shop.v1.Payments");
}

/** A bank that never answers: the call ends with its deadline, or with its caller. */
function untilCancelled(call: ServerUnaryCall<unknown, unknown>): Promise<never> {
  return new Promise((_resolve, reject) => {
    const gone = (): void => reject(new RpcError(status.CANCELLED, "the caller has gone"));
    if (call.cancelled) gone();
    else call.once("cancelled", gone);
  });
}

function getPayment(shop: Shop, name: string): Payment {
  const payment = shop.payments.get(name);
  if (payment === undefined) throw notFound("shop.v1.Payment", name);
  return payment;
}

function save(shop: Shop, payment: Payment): Payment {
  shop.payments.set(payment.name, payment);
  return payment;
}

function requireState(payment: Payment, state: string, verb: string): void {
  if (payment.state === state) return;
  throw new RpcError(status.FAILED_PRECONDITION, `${payment.name} is ${payment.state} and cannot be ${verb}`, [
    {
      type: "PreconditionFailure",
      violations: [
        { type: "PAYMENT_STATE", subject: payment.name, description: `state is ${payment.state}, not ${state}` },
      ],
    },
  ]);
}

function capturePayment(shop: Shop, request: { readonly name: string; readonly amount: Money | null }): Payment {
  const payment = getPayment(shop, request.name);
  requireState(payment, "AUTHORIZED", "captured");
  const captured = request.amount ?? payment.amount;
  const cents = BigInt(captured?.minor_units ?? 0);
  if (cents <= 0n) throw invalidArgument("amount.minor_units", "must be more than 0");
  if (cents > BigInt(payment.amount?.minor_units ?? 0)) {
    throw new RpcError(
      status.OUT_OF_RANGE,
      `amount is more than the ${payment.amount?.minor_units} that were authorized`,
    );
  }
  return save(shop, { ...payment, captured, state: "CAPTURED" });
}
