// Comments of protos in /-/api.json: as long as somebody reads them, and no longer.
const maxLength = 1000;

/** Nothing for an empty one. */
export function cutComment(comment: string): { readonly comment?: string } {
  const text = comment.trim();
  if (text === "") return {};
  return { comment: text.length > maxLength ? `${text.slice(0, maxLength)}…` : text };
}
