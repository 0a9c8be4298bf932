// Changes to the file of credentials that leave all else in it as it is, comments too.
import { isMap, isSeq, parseDocument } from "yaml";
import type { Document } from "yaml";

export type CredentialList = "keys" | "users";

/** What an entry is found by. */
const idOf: Readonly<Record<CredentialList, string>> = { keys: "id", users: "name" };

/** `text` is that of a valid file, or empty. */
export function addCredential(
  text: string,
  list: CredentialList,
  entry: Readonly<Record<string, unknown>>,
  isJson: boolean,
): string {
  return edit(text, isJson, (document) => {
    if (isSeq(document.getIn([list]))) document.addIn([list], document.createNode(entry));
    else document.set(list, document.createNode([entry]));
  });
}

/** Undefined when there is no such entry. */
export function disableCredential(text: string, list: CredentialList, id: string, isJson: boolean): string | undefined {
  let isFound = false;
  const edited = edit(text, isJson, (document) => {
    const entries = document.getIn([list]);
    for (const entry of isSeq(entries) ? entries.items : []) {
      if (!isMap(entry) || String(entry.get(idOf[list])) !== id) continue;
      entry.set("disabled", true);
      isFound = true;
    }
  });
  return isFound ? edited : undefined;
}

function edit(text: string, isJson: boolean, change: (document: Document) => void): string {
  const document: Document = parseDocument(text === "" ? "{}" : text);
  // An empty mapping is written in braces, and so would all that is added to it.
  if (isMap(document.contents) && document.contents.items.length === 0) document.contents.flow = false;
  change(document);
  return isJson ? `${JSON.stringify(document.toJS(), undefined, 2)}\n` : document.toString({ lineWidth: 0 });
}
