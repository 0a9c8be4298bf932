// The ticker page: a card for each symbol with its last price and how it went.
import { followEvents, followSocket } from "./ticker-feeds.js";

const maxPoints = 60;
const maxEvents = 50;
const cards = new Map();
let feed;
let ticks = 0;

const byId = (id) => document.getElementById(id);

byId("settings").addEventListener("submit", (event) => {
  event.preventDefault();
  start();
});
byId("stop").addEventListener("click", () => {
  feed?.stop();
  end("stopped here");
});

function start() {
  feed?.stop();
  cards.clear();
  byId("prices").replaceChildren();
  byId("ticks").textContent = ticks = 0;
  const query = new URLSearchParams({
    interval: `${Number(byId("interval").value) / 1000}s`,
    count: byId("count").value,
  });
  const url = `/v1/ticks?${query}`;
  const follow = byId("transport").value === "sse" ? followEvents : followSocket;
  byId("url").textContent = `${follow === followEvents ? "EventSource" : "WebSocket"} ${url}`;
  feed = follow(url, { onTick: showTick, onState: showState, onEnd: end });
  showState("connecting");
  byId("stop").disabled = false;
}

function end(reason) {
  feed = undefined;
  byId("stop").disabled = true;
  showState("ended", reason);
}

function showState(name, reason = "") {
  byId("state").textContent = name;
  byId("state").className = `state ${name}`;
  const line = document.createElement("li");
  line.textContent = `${new Date().toLocaleTimeString()}  ${name}${reason === "" ? "" : `: ${reason}`}`;
  byId("events").prepend(line);
  if (byId("events").childElementCount > maxEvents) byId("events").lastElementChild.remove();
}

function showTick({ symbol, price, sequence, cursor }) {
  ticks += 1;
  byId("ticks").textContent = ticks;
  byId("cursor").textContent = cursor;
  const card = cards.get(symbol) ?? addCard(symbol);
  const before = card.points.at(-1);
  card.points.push(price);
  if (card.points.length > maxPoints) card.points.shift();
  card.price.textContent = price.toFixed(3);
  card.price.className = `price ${before === undefined || before === price ? "" : price > before ? "up" : "down"}`;
  card.round.textContent = `round ${sequence}`;
  card.line.setAttribute("points", toPoints(card.points));
}

function addCard(symbol) {
  const make = (name, className, text = "") =>
    Object.assign(document.createElement(name), { className, textContent: text });
  const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
  const line = document.createElementNS("http://www.w3.org/2000/svg", "polyline");
  svg.setAttribute("viewBox", "0 0 100 32");
  svg.setAttribute("preserveAspectRatio", "none");
  svg.setAttribute("aria-hidden", "true");
  svg.append(line);
  const card = { points: [], line, price: make("p", "price"), round: make("p", "quiet") };
  const section = make("section", "card");
  section.append(make("h2", "", symbol), card.price, svg, card.round);
  byId("prices").append(section);
  cards.set(symbol, card);
  return card;
}

/** Scaled to the box of the drawing, highest at the top. */
function toPoints(prices) {
  const [min, max] = [Math.min(...prices), Math.max(...prices)];
  const step = 100 / Math.max(1, prices.length - 1);
  return prices.map((price, index) => `${index * step},${30 - (28 * (price - min)) / (max - min || 1)}`).join(" ");
}
