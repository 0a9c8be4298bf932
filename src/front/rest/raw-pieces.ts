// A stream of google.api.HttpBody: the pieces of one body, as they are and nothing between them.
import type { AnswerForm, StreamFailure } from "./stream-form.ts";

export class RawPieces implements AnswerForm {
  readonly contentType: string;
  readonly opening = "";
  readonly keepAlive = undefined;

  /** The first piece has the type of all. */
  constructor(contentType: string) {
    this.contentType = contentType;
  }

  element(bytes: Uint8Array): Uint8Array {
    return bytes;
  }

  closing(): string {
    return "";
  }

  failure(_status: StreamFailure): undefined {
    return undefined;
  }
}
