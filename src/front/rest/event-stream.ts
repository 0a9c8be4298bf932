// A stream as server-sent events (https://html.spec.whatwg.org/multipage/server-sent-events.html): for EventSource in browsers.
import { Code } from "../../status.ts";
import type { Resume } from "../stream/resume.ts";
import { surround } from "./stream-form.ts";
import type { AnswerForm, StreamFailure } from "./stream-form.ts";

/** The id of the last event: who comes back with it wants nothing more. */
const endMark = "~end.";
/** As a line of the event that comes next, like `retry`: to some clients whatever ends with an empty line is an event. */
const comment = Buffer.from(":\n");
const okStatus = '{"code":0,"status":"OK","message":"","details":[]}';
const longestToken = 4096;

export interface EventStreamOptions {
  readonly isEnveloped: boolean;
  /** Messages then have ids from which a client that was cut off goes on. */
  readonly resume: Resume | undefined;
}

export class EventStream implements AnswerForm {
  readonly contentType = "text/event-stream";
  readonly keepAlive = comment;
  /** Clients that were cut off together do not come back together. */
  readonly opening = `retry: ${1000 + Math.floor(2001 * Math.random())}\n`;
  readonly #before: string;
  readonly #after: string;
  readonly #resume: Resume | undefined;

  constructor({ isEnveloped, resume }: EventStreamOptions) {
    this.#before = isEnveloped ? 'data: {"result":' : "data: ";
    this.#after = isEnveloped ? "}\n\n" : "\n\n";
    this.#resume = resume;
  }

  /** JSON is one line as the writer makes it, so it is one line of data. */
  element(json: Uint8Array, message: Uint8Array): Uint8Array {
    const token = this.#resume?.tokenOf(message);
    const id = token === undefined || !isEventId(token) ? "" : `id: ${token}\n`;
    return surround(id + this.#before, json, this.#after);
  }

  closing(): string {
    return statusEvent(Code.OK, okStatus);
  }

  failure({ code, json }: StreamFailure): string {
    return statusEvent(code, json);
  }
}

/** What is unavailable now may be there when the browser comes back, as it does by itself; everything else is the end. */
function statusEvent(code: number, json: string): string {
  const id = code === Code.UNAVAILABLE ? "" : `id: ${endMark}${code}\n`;
  return `event: status\n${id}data: ${json}\n\n`;
}

/** A line break would end the field, and NUL makes a browser forget it; white space at the ends is lost in headers. */
function isEventId(token: string): boolean {
  // oxlint-disable-next-line no-control-regex -- control characters are what it finds
  return token.length <= longestToken && !/[\0-\x1f\x7f]|^\s|\s$/.test(token) && !isEndId(token);
}

/** Whether a client comes back to a stream that had ended. */
export function isEndId(lastEventId: string): boolean {
  return lastEventId.startsWith(endMark);
}

/** The header as the text it was: browsers send it in UTF-8, and headers are read as Latin-1. */
export function readLastEventId(header: string | string[] | undefined): string | undefined {
  if (typeof header !== "string" || header === "") return undefined;
  return Buffer.from(header, "latin1").toString();
}
