// A stream as a JSON array, one message an element: `curl` and `fetch(…).json()` read it. A cut one is no JSON.
import { surround } from "./stream-form.ts";
import type { AnswerForm } from "./stream-form.ts";

/** White space between elements means nothing (RFC 8259 section 2). */
const lineBreak = Buffer.from("\n");

export class JsonArray implements AnswerForm {
  readonly contentType = "application/json";
  readonly opening = "[";
  readonly keepAlive = lineBreak;
  #hasElements = false;

  element(json: Uint8Array): Uint8Array {
    const before = this.#hasElements ? "," : "";
    this.#hasElements = true;
    return surround(before, json, "");
  }

  closing(): string {
    return "]";
  }

  failure(): undefined {
    return undefined;
  }
}
