// What all workers have together, in the process that started them: limits, bans, tickets and slots. Each is bounded, whatever workers say.
import type { BanLimits } from "../chain/ban-table.ts";
import { defaultTicketLimits, TicketBox } from "../ticket-box.ts";
import { BanCounter } from "./ban-counter.ts";
import { LimitCounter } from "./limit-counter.ts";
import type { Charge, FromPrimary, FromWorker, Numbered, TellBans, TicketAnswer, TicketQuestion } from "./messages.ts";
import { SlotCounter } from "./slot-counter.ts";

export interface TogetherOptions {
  /** How many workers there are. */
  readonly count: number;
  /** Undefined where nobody is banned. */
  readonly bans?: BanLimits | undefined;
}

export class Together {
  readonly #limits = new LimitCounter();
  readonly #tickets = new TicketBox(defaultTicketLimits);
  readonly #bans: BanCounter | undefined;

  readonly slots: SlotCounter;

  constructor({ bans, count }: TogetherOptions) {
    this.slots = new SlotCounter(count);
    this.#bans = bans && new BanCounter(bans);
  }

  answer(questions: Extract<FromWorker, { kind: "limits" | "tickets" }>): FromPrimary {
    if (questions.kind === "tickets")
      return { kind: "tickets", list: answerAll(questions.list, (question) => this.#answerTicket(question)) };
    return { kind: "limits", list: answerAll(questions.list, (question) => this.#limits.answer(question)) };
  }

  /** The bans that these refusals lead to. */
  charge(charges: readonly Charge[]): readonly TellBans[] {
    return this.#bans?.charge(charges) ?? [];
  }

  bansInForce(): readonly TellBans[] {
    return this.#bans?.inForce() ?? [];
  }

  /** Drops what is over; to be called now and then. */
  check(): void {
    this.#limits.check();
    this.#tickets.check(performance.now());
  }

  #answerTicket({ hash, ticket }: TicketQuestion): TicketAnswer {
    return ticket === undefined ? (this.#tickets.take(hash) ?? null) : this.#tickets.keep(hash, ticket);
  }
}

function answerAll<Question, Answer>(
  questions: readonly Numbered<Question>[],
  answer: (question: Question) => Answer,
): Numbered<Answer>[] {
  return questions.map(([id, question]) => [id, answer(question)]);
}
