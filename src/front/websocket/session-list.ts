// The open sockets of the front: counted where limits count them, told when the gateway stops.
import type { Census } from "../stream/census.ts";
import type { SocketEvents, SocketOwner } from "./socket.ts";

/** A mode's end of a socket. */
export interface Session extends SocketEvents {
  /** The gateway is stopping: bring it to an end. */
  drain(): void;
}

/** An array whose gaps the last one fills, like Sweep. */
export class SessionList {
  readonly #sessions: OpenSession[] = [];
  readonly #census: Census;

  constructor(census: Census) {
    this.#census = census;
  }

  get size(): number {
    return this.#sessions.length;
  }

  /** For a socket that was counted in under `principal`; it is counted out when it has gone. */
  open(principal: string): OpenSession {
    const session = new OpenSession(this, principal, this.#sessions.length);
    this.#sessions.push(session);
    return session;
  }

  remove(session: OpenSession, code: number): void {
    this.#census.closeSocket(session.principal, code);
    const last = this.#sessions.pop() as OpenSession;
    if (last === session) return;
    this.#sessions[session.index] = last;
    last.index = session.index;
  }

  drain(): void {
    for (const session of this.#sessions.slice()) session.mode?.drain();
  }
}

export class OpenSession implements SocketOwner {
  readonly principal: string;
  index: number;
  mode: Session | undefined;
  readonly #list: SessionList;

  constructor(list: SessionList, principal: string, index: number) {
    this.#list = list;
    this.principal = principal;
    this.index = index;
  }

  onGone(code: number): void {
    this.mode = undefined;
    this.#list.remove(this, code);
  }
}
