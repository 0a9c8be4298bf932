// The chat page: one WebSocket at the method's REST URL, one JSON message a frame, no library.

const maxLines = 500;
let socket;
let speaker = "";

const byId = (id) => document.getElementById(id);

if (location.hash.length > 1) byId("room").value = decodeURIComponent(location.hash.slice(1));

byId("door").addEventListener("submit", (event) => {
  event.preventDefault();
  join();
});
byId("say").addEventListener("submit", (event) => {
  event.preventDefault();
  const text = byId("text").value.trim();
  if (text === "" || socket?.readyState !== WebSocket.OPEN) return;
  socket.send(JSON.stringify({ text }));
  byId("text").value = "";
});
// An empty frame is the half-close: the backend hears that this side has nothing more to say, and ends the call.
byId("leave").addEventListener("click", () => socket?.send(""));

function join() {
  socket?.close(1000);
  const room = byId("room").value;
  speaker = byId("speaker").value.trim();
  location.hash = room;
  byId("talk").replaceChildren();
  const opened = new WebSocket(`${location.origin.replace(/^http/, "ws")}/v1/rooms/${room}:talk`);
  socket = opened;
  let failure = "";
  showState("connecting");
  // The room is in the URL; who speaks is in the first message, which says nothing yet.
  opened.addEventListener("open", () => opened.send(JSON.stringify({ speaker })));
  opened.addEventListener("message", ({ data }) => {
    const message = JSON.parse(data);
    if ("@status" in message) failure = message["@status"].message;
    else showEvent(message);
  });
  opened.addEventListener("close", ({ code }) => {
    if (socket !== opened) return;
    if (code !== 1000) addLine("failed", failure || `the connection has ended (${code})`);
    showState(code === 1000 ? "left" : "ended");
  });
}

function showState(name) {
  const isIn = name === "in the room";
  byId("state").textContent = name;
  byId("state").className = `state ${isIn ? "live" : name}`;
  for (const id of ["text", "send", "leave"]) byId(id).disabled = !isIn;
}

/** One of `said`, `joined` and `left` is there. */
function showEvent({ speaker: who, said, joined, left }) {
  if (joined !== undefined && who === speaker && byId("state").textContent !== "in the room") {
    showState("in the room");
    byId("text").focus();
  }
  if (said !== undefined) addLine(who === speaker ? "own" : "other", said, who);
  else
    addLine(
      "event",
      `${who} ${joined === undefined ? "has left" : "has joined"}, ${(joined ?? left).members} in the room`,
    );
}

function addLine(kind, text, who) {
  const list = byId("talk");
  const line = document.createElement("li");
  line.className = kind;
  if (who !== undefined) line.append(Object.assign(document.createElement("strong"), { textContent: who }), " ");
  line.append(text);
  list.append(line);
  if (list.childElementCount > maxLines) list.firstElementChild.remove();
  list.scrollTop = list.scrollHeight;
}
