// Single claims of what others say of a caller, which may hold anything.

/** `realm_access.roles`: a member of that name, or else inside `realm_access`. Only own members. */
export function readMember(claims: Readonly<Record<string, unknown>>, name: string): unknown {
  if (Object.hasOwn(claims, name)) return claims[name];
  const [first, ...rest] = name.split(".");
  if (rest.length === 0 || !Object.hasOwn(claims, first)) return undefined;
  const inner = claims[first];
  if (typeof inner !== "object" || inner === null || Array.isArray(inner)) return undefined;
  return readMember(inner as Record<string, unknown>, rest.join("."));
}

/** Text with blanks between, or a list: what of it is text. */
export function toWords(value: unknown): readonly string[] {
  if (typeof value === "string") return value.split(" ").filter((word) => word !== "");
  return Array.isArray(value) ? value.filter((word): word is string => typeof word === "string" && word !== "") : [];
}
