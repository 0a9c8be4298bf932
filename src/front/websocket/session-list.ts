// The open sockets of the front: counted where limits count them, told when the gateway stops.
import { addressKey } from "../../addresses.ts";
import type { Identity } from "../../caller.ts";
import { releaseEach, takeEach } from "../../slots.ts";
import type { Slots, SlotsOf, Wanted } from "../../slots.ts";
import { Code, GatewayError } from "../../status.ts";
import type { Census } from "../stream/census.ts";
import type { SocketEvents, SocketOwner } from "./socket.ts";

/** A mode's end of a socket. */
export interface Session extends SocketEvents {
  /** The gateway is stopping: bring it to an end. */
  drain(): void;
  /**
   * The socket's credentials were revoked: it ends with this, and its open calls, of which there were so many. Absent where
   * each call is authenticated by itself.
   */
  revoke?(error: GatewayError): number;
}

/** Open at once. */
export interface SocketLimits {
  readonly maxSockets: number;
  /** Of one principal: whoever the chain says it is, else the client's address. */
  readonly maxPerPrincipal: number;
}

/** What was ended. */
export interface Ended {
  readonly calls: number;
  readonly sockets: number;
}

/** An array whose gaps the last one fills, like Sweep. */
export class SessionList {
  readonly #sessions: OpenSession[] = [];
  readonly #census: Census;
  readonly #limits: SocketLimits;
  readonly #all: Slots;
  readonly #ofPrincipals: Slots;
  #isDraining = false;

  constructor(census: Census, limits: SocketLimits, slotsOf: SlotsOf) {
    this.#census = census;
    this.#limits = limits;
    this.#all = slotsOf("websocket.max_sockets", limits.maxSockets);
    this.#ofPrincipals = slotsOf("websocket.max_sockets_per_principal", limits.maxPerPrincipal);
  }

  get size(): number {
    return this.#sessions.length;
  }

  /** For a socket that was counted in; it is counted out when it has gone. */
  open(place: Place, onGone?: (code: number) => void): OpenSession {
    const session = new OpenSession(this, place, { index: this.#sessions.length, onGone });
    this.#sessions.push(session);
    return session;
  }

  /** Counts a socket in; `client` is its address, or the hash of its credentials. Throws, or rejects with, GatewayError where there are too many, or are to be no more. */
  admit(client: string, identity: Identity | undefined): Place | Promise<Place> {
    if (this.#isDraining) throw stopping();
    const counted = identity === undefined ? addressKey(client) : toCounted(identity);
    const wanted = this.#wantedBy(counted);
    const settle = (wanting: Slots | undefined): Place => {
      if (wanting === undefined && this.#isDraining) {
        releaseEach(wanted);
        throw stopping();
      }
      if (wanting === this.#all) throw tooMany(this.#limits.maxSockets);
      if (wanting !== undefined) throw tooManyOfClient(this.#limits.maxPerPrincipal);
      this.#census.openSocket();
      return { counted, principal: identity?.principal };
    };
    const wanting = takeEach(wanted);
    return wanting instanceof Promise ? wanting.then(settle) : settle(wanting);
  }

  /** Of a socket that was counted in, and did not come about. */
  dismiss({ counted }: Place, code: number): void {
    this.#census.closeSocket(code);
    releaseEach(this.#wantedBy(counted));
  }

  /** A place under that name for an open socket, which leaves the one that it has. Throws, or rejects with, GatewayError (8). */
  reserve(identity: Identity): Place | Promise<Place> {
    const counted = toCounted(identity);
    const settle = (isTaken: boolean): Place => {
      if (!isTaken) throw tooManyOfClient(this.#limits.maxPerPrincipal);
      return { counted, principal: identity.principal };
    };
    const taken = this.#ofPrincipals.take(counted);
    return taken instanceof Promise ? taken.then(settle) : settle(taken);
  }

  leave({ counted }: Place): void {
    this.#ofPrincipals.release(counted);
  }

  #wantedBy(counted: string): readonly Wanted[] {
    return [
      [this.#ofPrincipals, counted],
      [this.#all, ""],
    ];
  }

  remove(session: OpenSession, code: number): void {
    this.dismiss(session.place, code);
    const last = this.#sessions.pop() as OpenSession;
    if (last === session) return;
    this.#sessions[session.index] = last;
    last.index = session.index;
  }

  drain(): void {
    this.#isDraining = true;
    for (const session of this.#sessions.slice()) session.mode?.drain();
  }

  /** One look at each open socket. */
  revoke(principal: string, error: GatewayError): Ended {
    const own = this.#sessions.filter((session) => session.place.principal === principal);
    let calls = 0;
    for (const session of own) calls += session.revoke(error);
    return { calls, sockets: own.length };
  }
}

/** Under whom a socket is counted, and whose it is as far as is known. */
export interface Place {
  readonly counted: string;
  readonly principal: string | undefined;
}

interface Opening {
  readonly index: number;
  readonly onGone: ((code: number) => void) | undefined;
}

export class OpenSession implements SocketOwner {
  index: number;
  mode: Session | undefined;
  readonly #list: SessionList;
  #place: Place;
  #isGone = false;
  readonly #onGone: ((code: number) => void) | undefined;

  constructor(list: SessionList, place: Place, { index, onGone }: Opening) {
    this.#list = list;
    this.#place = place;
    this.index = index;
    this.#onGone = onGone;
  }

  get place(): Place {
    return this.#place;
  }

  /** The socket is this one's, as has turned out. Throws, or rejects with, GatewayError (8) where that one has too many. */
  claim(identity: Identity): void | Promise<void> {
    if (this.#place.counted === toCounted(identity)) {
      this.#place = { ...this.#place, principal: identity.principal };
      return undefined;
    }
    const reserved = this.#list.reserve(identity);
    return reserved instanceof Promise ? reserved.then((place) => this.#moveTo(place)) : this.#moveTo(reserved);
  }

  #moveTo(place: Place): void {
    // A socket that has gone meanwhile has left the other one by itself.
    this.#list.leave(this.#isGone ? place : this.#place);
    this.#place = place;
  }

  /** It is nobody's from now on, also while the client has not yet answered the close. */
  revoke(error: GatewayError): number {
    this.#place = { counted: this.#place.counted, principal: undefined };
    return this.mode?.revoke?.(error) ?? 0;
  }

  onGone(code: number): void {
    this.mode = undefined;
    this.#isGone = true;
    this.#list.remove(this, code);
    this.#onGone?.(code);
  }
}

/** No address, and no hash of a token, begins like this. */
function toCounted({ principal }: Identity): string {
  return `@${principal}`;
}

function stopping(): GatewayError {
  return new GatewayError(Code.UNAVAILABLE, "the gateway is stopping; try again", { reason: "SHUTTING_DOWN" });
}

function tooMany(most: number): GatewayError {
  const message = `the gateway has ${most} WebSockets open, and no room for more; try again later`;
  return new GatewayError(Code.UNAVAILABLE, message, { reason: "TOO_MANY_SOCKETS" });
}

function tooManyOfClient(most: number): GatewayError {
  const message = `more than ${most} WebSockets of one client; close one, or use one for all streams`;
  return new GatewayError(Code.RESOURCE_EXHAUSTED, message, { reason: "TOO_MANY_SOCKETS_OF_CLIENT" });
}
