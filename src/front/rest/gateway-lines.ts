// A stream as grpc-gateway writes it: lines of `{"result":…}`, at the end one of `{"error":…}` (its runtime/handler.go).
import { surround } from "./stream-form.ts";
import type { AnswerForm, StreamFailure } from "./stream-form.ts";

export class GatewayLines implements AnswerForm {
  readonly contentType: string;
  readonly opening = "";
  readonly keepAlive = undefined;
  readonly #before: string;
  readonly #after: string;

  /** `rawType`: that of the first google.api.HttpBody, whose bytes stand in no envelope; but a line break follows them, too. */
  constructor(rawType?: string) {
    this.contentType = rawType ?? "application/json";
    this.#before = rawType === undefined ? '{"result":' : "";
    this.#after = rawType === undefined ? "}\n" : "\n";
  }

  element(bytes: Uint8Array): Uint8Array {
    return surround(this.#before, bytes, this.#after);
  }

  closing(): string {
    return "";
  }

  failure({ json }: StreamFailure): string {
    return errorLine(json);
  }
}

/** Also the whole body of a stream that fails before its first message. */
export function errorLine(json: string): string {
  return `{"error":${json}}\n`;
}
