// A worker's side of the channel to the process that started it.
import type { LimitLink } from "../chain/limit/limit-link.ts";
import type { BanLink } from "../chain/ban-link.ts";
import type { Address } from "../config/config.ts";
import type { MetricsFormat } from "../exposition.ts";
import type { Readiness } from "../serve/admin.ts";
import type { SlotLink } from "../slots.ts";
import type { TicketKeeper } from "../ticket-box.ts";
import { Charges } from "./charges.ts";
import type { FromPrimary, FromWorker, LimitQuestion, TicketAnswer, TicketQuestion } from "./messages.ts";
import { Questions } from "./questions.ts";
import { SlotLeases } from "./slot-leases.ts";

export interface Channel {
  /** False: it waits with others for the primary to read. */
  send(message: FromWorker): boolean;
  onMessage(listener: (message: FromPrimary) => void): void;
  /** The primary is gone. */
  onEnd(listener: () => void): void;
}

/** What the workers of one gateway have together, for createGateway: the primary counts and keeps it. */
export interface Links {
  readonly limits: LimitLink;
  readonly bans: BanLink;
  readonly tickets: TicketKeeper;
  readonly slots: SlotLink;
}

export type TellState = (format: MetricsFormat) => { readonly metrics: string; readonly readiness: Readiness };

export interface Worker {
  readonly links: Links;
  tellListening(address: Address): void;
  /** What the admin listener is told of this worker. */
  answerWith(state: TellState): void;
  /** Resolves with the signal when the primary says so, or is gone. */
  readonly stopped: Promise<string>;
  /** Resolves when all workers listen and people have been told. */
  readonly started: Promise<void>;
}

export function createWorker(channel: Channel): Worker {
  const limits = new Questions<LimitQuestion, readonly number[]>((list) => channel.send({ kind: "limits", list }));
  const tickets = new Questions<TicketQuestion, TicketAnswer>((list) => channel.send({ kind: "tickets", list }));
  const bans = new Charges((list) => channel.send({ kind: "charges", list }));
  const slots = new SlotLeases((list) => channel.send({ kind: "slots", list }));
  let state: TellState | undefined;
  let stop = (_signal: string): void => {};
  const stopped = new Promise<string>((resolve) => (stop = resolve));
  let start = (): void => {};
  const started = new Promise<void>((resolve) => (start = resolve));
  channel.onMessage((message) => {
    switch (message.kind) {
      case "limits":
        limits.settle(message.list);
        break;
      case "tickets":
        tickets.settle(message.list);
        break;
      case "bans":
        bans.tell(message);
        break;
      case "slots":
        slots.tell(message);
        break;
      case "stop":
        stop(message.signal);
        break;
      case "started":
        start();
        break;
      default:
        if (state !== undefined) channel.send({ kind: "state", id: message.id, ...state(message.format) });
    }
  });
  channel.onEnd(() => {
    for (const link of [limits, tickets, bans, slots]) link.close();
    stop("the process that started it is gone");
  });
  return {
    links: { limits: toLimitLink(limits), bans, tickets: toTicketKeeper(tickets), slots },
    tellListening: (address) => void channel.send({ kind: "listening", address }),
    answerWith: (asked) => (state = asked),
    stopped,
    started,
  };
}

function toLimitLink(questions: Questions<LimitQuestion, readonly number[]>): LimitLink {
  return {
    get isReady() {
      return questions.isOpen;
    },
    connect: () => Promise.resolve(),
    run: (keys, args) => questions.ask({ keys, args }),
    close: () => questions.close(),
  };
}

function toTicketKeeper(questions: Questions<TicketQuestion, TicketAnswer>): TicketKeeper {
  return {
    keep: async (hash, ticket) => (await questions.ask({ hash, ticket })) === true,
    async take(hash) {
      const answer = await questions.ask({ hash });
      return typeof answer === "object" && answer !== null ? answer : undefined;
    },
  };
}
