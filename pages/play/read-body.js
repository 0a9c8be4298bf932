// Response bodies as they come: text, lines, server-sent events. Bounded: a line or text that never ends is an error.

const maxLength = 16 * 1024 * 1024;

export async function readText(response) {
  let text = "";
  for await (const piece of piecesOf(response)) {
    text += piece;
    if (text.length > maxLength) throw new Error(`more than ${maxLength} characters came`);
  }
  return text;
}

export async function* readLines(response) {
  let rest = "";
  for await (const piece of piecesOf(response)) {
    const lines = (rest + piece).split("\n");
    rest = lines.pop();
    if (rest.length > maxLength) throw new Error(`a line has more than ${maxLength} characters`);
    yield* lines.map((line) => line.replace(/\r$/, ""));
  }
  if (rest !== "") yield rest;
}

/** `{ name, id, data }` for an event, `{ note }` for a comment and for `retry`. */
export async function* readEvents(response) {
  let event = { name: "message", id: undefined, data: [] };
  for await (const line of readLines(response)) {
    if (line === "") {
      if (event.data.length > 0) yield { ...event, data: event.data.join("\n") };
      event = { name: "message", id: undefined, data: [] };
    } else if (line.startsWith(":")) yield { note: line.slice(1).trim() };
    else {
      const [, field, value] = /^([^:]*):? ?(.*)$/s.exec(line);
      if (field === "event") event.name = value;
      else if (field === "id") event.id = value;
      else if (field === "data") event.data.push(value);
      else yield { note: line };
    }
  }
}

/** The reader is given up with the loop, and so is the request. */
export async function* piecesOf(response) {
  const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
  try {
    for (;;) {
      const { done, value } = await reader.read();
      if (done) return;
      yield value;
    }
  } finally {
    reader.cancel().catch(() => {});
  }
}
