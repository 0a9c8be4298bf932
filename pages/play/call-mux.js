// Multiplexed mode: one stream on a socket of its own at /-/stream, so that every frame and all credit can be seen (docs/websocket.md).
import { compactJson, membersOf } from "./json-text.js";
import { describeClose } from "./status-names.js";

const streamId = 1;
const maxWaiting = 1000;

export function openMux(request, sink) {
  return new MuxCall(request, sink);
}

class MuxCall {
  #socket = new WebSocket(muxUrl(), ["sluice.mux.v1.json"]);
  #sink;
  #window;
  #isAutomatic;
  /** Messages the server may still send, and those this page may. */
  #down;
  #up = 0;
  /** Messages that have arrived and are not yet granted again. */
  #taken = 0;
  #waiting = [];
  #isEnding = false;
  #isReady = false;
  #isRefilling = false;

  constructor({ method, token, text, sendsFirst, window, isAutomatic }, sink) {
    this.#sink = sink;
    this.#window = window;
    this.#isAutomatic = isAutomatic;
    this.#down = window;
    const hasFirst = method.sendsMany ? sendsFirst : true;
    const first = hasFirst ? `,"m":${compactJson(text)}${method.sendsMany ? "" : ',"end":true'}` : "";
    sink.state("opening");
    sink.frame("up", "WebSocket", muxUrl());
    this.#socket.addEventListener("open", () => {
      sink.frame("down", "open", this.#socket.protocol);
      const auth = token === "" ? "" : `,"auth":${JSON.stringify(`Bearer ${token}`)}`;
      this.#put("init", `{"t":"init"${auth},"client":{"name":"playground","version":"1"}}`, '{"t":"init",…}');
      this.#put(
        "open",
        `{"t":"open","id":${streamId},"method":${JSON.stringify(method.name)},"credit":${window}${first}}`,
      );
    });
    this.#socket.addEventListener("message", ({ data }) => this.#receive(String(data)));
    this.#socket.addEventListener("close", (event) =>
      sink.outcome({ code: 14, message: describeClose(event), note: `close ${event.code}` }),
    );
    this.#tellCredit();
  }

  /** Waits for credit, as everything that is sent here. */
  send(text) {
    if (this.#waiting.length >= maxWaiting) throw new Error(`at most ${maxWaiting} messages can wait for credit`);
    this.#waiting.push(compactJson(text));
    this.#flush();
  }

  end() {
    this.#isEnding = true;
    this.#sink.state("half-closed");
    this.#flush();
  }

  cancel() {
    if (this.#socket.readyState === WebSocket.OPEN) this.#put("cancel", `{"t":"cancel","id":${streamId}}`);
    else this.#finish({ code: 1, message: "you have cancelled the call" });
  }

  grant(count) {
    this.#down += count;
    this.#taken = Math.max(0, this.#taken - count);
    this.#put("credit", `{"t":"credit","id":${streamId},"n":${count}}`);
    this.#tellCredit();
  }

  setAutomatic(isAutomatic) {
    this.#isAutomatic = isAutomatic;
    if (isAutomatic) this.#refill();
  }

  #put(kind, frame, shown = frame) {
    if (this.#socket.readyState !== WebSocket.OPEN) return;
    this.#socket.send(frame);
    this.#sink.frame("up", kind, shown);
  }

  #flush() {
    while (this.#up > 0 && this.#waiting.length > 0) {
      this.#up -= 1;
      const message = this.#waiting.shift();
      this.#put("msg", `{"t":"msg","id":${streamId},"m":${message}}`);
    }
    if (this.#isEnding && this.#waiting.length === 0 && this.#isReady) {
      this.#isEnding = false;
      this.#put("end", `{"t":"end","id":${streamId}}`);
    }
    this.#tellCredit();
  }

  #receive(data) {
    const frame = new Map(membersOf(data));
    const type = JSON.parse(frame.get("t") ?? '""');
    this.#sink.frame("down", type, type === "msg" ? frame.get("m") : data);
    if (type === "ready") {
      this.#isReady = true;
      this.#up += JSON.parse(frame.get("upCredit") ?? "0");
      this.#sink.state(this.#isEnding ? "half-closed" : "open");
      this.#flush();
    } else if (type === "credit") {
      this.#up += JSON.parse(frame.get("n") ?? "0");
      this.#flush();
    } else if (type === "msg") {
      this.#down -= 1;
      this.#taken += 1;
      this.#tellCredit();
      if (this.#isAutomatic && this.#taken * 2 >= this.#window) void this.#refillOnceShown();
    } else if (type === "status") {
      this.#finish(JSON.parse(data));
    }
  }

  /** Granting what is on the page, not what has arrived: a page that cannot keep up slows the backend. */
  async #refillOnceShown() {
    if (this.#isRefilling) return;
    this.#isRefilling = true;
    await this.#sink.settled();
    this.#isRefilling = false;
    if (this.#isAutomatic) this.#refill();
  }

  #refill() {
    if (this.#taken > 0) this.grant(this.#taken);
  }

  #finish({ code, message, details }) {
    this.#sink.outcome({ code, message: message ?? "", details });
    this.#socket.close(1000);
  }

  #tellCredit() {
    this.#sink.credit({ down: this.#down, up: this.#up, waiting: this.#waiting.length });
  }
}

export function muxUrl() {
  return `${location.origin.replace(/^http/, "ws")}/-/stream`;
}
