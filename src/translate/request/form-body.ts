// Form bodies, urlencoded or multipart: they bind like a query, with names relative to what the body stands for.
import { isUtf8 } from "node:buffer";
import { Code, GatewayError } from "../../status.ts";
import { parseMultipart } from "./multipart.ts";
import { parseQuery, refuseSemicolons } from "./query.ts";
import type { Binder, Bound } from "./query-binder.ts";
import type { BodyFormat } from "./media-type.ts";

/**
 * `bound.root` is the request message for `body: "*"`, the body field's message for `body: "f"`: there a form field
 * `title` fills `f.title`. Files go into bytes or google.api.HttpBody fields; their names are not kept.
 */
export function bindForm(
  binder: Binder,
  bound: Bound,
  body: Buffer,
  format: BodyFormat & { kind: "form" | "multipart" },
): void {
  if (format.kind === "multipart") {
    for (const { name, value } of parseMultipart(body, format.boundary)) bindOne(binder, bound, name, value);
    return;
  }
  if (!isUtf8(body))
    throw new GatewayError(Code.INVALID_ARGUMENT, "the form body is not UTF-8", {
      reason: "FORM_MALFORMED",
    });
  const text = body.toString();
  if (!binder.options.lenient) refuseJson(text);
  // The body's own limit was applied while it was read.
  const limits = { what: "form body", maxLength: text.length, maxParameters: binder.options.maxFormParameters };
  if (binder.options.lenient) refuseSemicolons(text, "form body");
  for (const { name, value } of parseQuery(text, limits)) bindOne(binder, bound, name, { kind: "text", text: value });
}

function bindOne(binder: Binder, bound: Bound, name: string, value: Parameters<Binder["bind"]>[2]): void {
  if (!bound.violations.isFull) binder.bind(bound, name, value);
}

/** curl says urlencoded for every `-d` unless told otherwise. */
function refuseJson(text: string): void {
  if (!/^\s*[{[]/.test(text)) return;
  throw new GatewayError(
    Code.INVALID_ARGUMENT,
    "the body looks like JSON but is sent as application/x-www-form-urlencoded; send Content-Type: application/json",
    {
      reason: "CONTENT_TYPE_UNSUPPORTED",
      httpStatus: 415,
    },
  );
}
