// What all requests of the REST front share.
import type { Chain } from "../../call.ts";
import type { Metadata } from "../../metadata.ts";
import type { Method } from "../../schema/descriptor.ts";
import type { GatewayError } from "../../status.ts";
import type { Forwarded } from "../forwarded.ts";
import type { Exchange } from "../front.ts";
import type { RedeemTicket } from "../redeem-ticket.ts";
import type { RequestMetadata } from "../request-metadata.ts";
import type { Census } from "../stream/census.ts";
import type { Sweep } from "../stream/sweep.ts";
import type { MayCompress } from "./compress.ts";
import type { AnswerError } from "./error-answer.ts";
import type { ReplyHeaders } from "./metadata.ts";
import type { RestOptions } from "./options.ts";

export interface FrontContext {
  readonly options: RestOptions;
  readonly chain: Chain;
  readonly answerError: AnswerError;
  /** Tells of a request that was refused before it was a call. */
  readonly missed: (exchange: Exchange, method: Method | undefined, error: GatewayError) => void;
  readonly forwardedOf: (exchange: Exchange) => Forwarded;
  readonly requestMetadata: RequestMetadata;
  readonly appendReplyHeaders: ReplyHeaders;
  readonly mayCompress: MayCompress;
  /** The status of a stream, as JSON in the stream; with those of the trailers that are for clients. Never throws. */
  readonly writeStatus: (error: GatewayError, trailers: Metadata) => string;
  /** Undefined where nobody gives tickets out. */
  readonly redeemTicket: RedeemTicket | undefined;
  readonly sweep: Sweep;
  readonly census: Census;
}
