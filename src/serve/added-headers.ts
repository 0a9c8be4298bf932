// Headers that go with an answer whoever gives it, see Exchange.addAnswerHeaders.
import type { HeaderList } from "../front/front.ts";

/** `headers` may say things of the same name: what was added is said instead, but a further `vary` says more. */
export function withAdded(headers: HeaderList, added: HeaderList | undefined): HeaderList {
  if (added === undefined) return headers;
  const all: string[] = [];
  for (let i = 0; i < headers.length; i += 2)
    if (headers[i] === "vary" || !isNameIn(added, headers[i])) all.push(headers[i], headers[i + 1]);
  return all.concat(added);
}

function isNameIn(list: HeaderList, name: string): boolean {
  for (let i = 0; i < list.length; i += 2) if (list[i] === name) return true;
  return false;
}
