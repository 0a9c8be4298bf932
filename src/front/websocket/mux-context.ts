// What all multiplexed sockets share, and what the handshake of one leaves to its session.
import type { Chain } from "../../call.ts";
import type { Authenticate } from "../../caller.ts";
import type { ReplyMetadata } from "../reply-metadata.ts";
import type { Sweep } from "../stream/sweep.ts";
import type { Brought } from "./mux-credentials.ts";
import type { MuxCodec } from "./mux-frame.ts";
import type { OverlayMetadata } from "./mux-metadata.ts";
import type { FindTarget, PlanContext } from "./mux-plan.ts";

export interface MuxContext extends PlanContext {
  readonly chain: Chain;
  readonly sweep: Sweep;
  /** Judges the metadata calls will have: once for a socket, and again for new credentials. Absent: the chain judges each call. */
  readonly authenticate?: Authenticate;
  /** Throws GatewayError for an address that is banned: sockets live longer than a handshake. */
  readonly checkBan?: ((address: string) => void) | undefined;
}

/** What of the handshake its calls get. */
export interface MuxHandshake extends Brought {
  readonly form: MuxCodec["form"];
}

export interface SessionContext extends MuxContext {
  readonly codec: MuxCodec;
  readonly findTarget: FindTarget;
  readonly overlay: OverlayMetadata;
  readonly replyMetadata: ReplyMetadata;
}
