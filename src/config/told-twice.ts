// What is wrong once, and ajv says twice: each fault of a file is one sentence.
import type { ErrorObject } from "ajv";
import { didYouMean } from "../diagnostic.ts";

export function withoutEchoes(errors: readonly ErrorObject[]): ErrorObject[] {
  const byPlace = new Map<string, ErrorObject[]>();
  for (const error of errors) {
    const others = byPlace.get(error.instancePath);
    if (others === undefined) byPlace.set(error.instancePath, [error]);
    else others.push(error);
  }
  return errors.filter((error) => !isEcho(error, byPlace.get(error.instancePath) ?? []));
}

function isEcho({ keyword, params }: ErrorObject, others: readonly ErrorObject[]): boolean {
  if (keyword === "propertyNames") return true;
  // The type of one of several words is told with the words.
  if (keyword === "enum") return others.some((other) => other.keyword === "type");
  if (keyword !== "required") return false;
  const missing = String(params["missingProperty"]);
  // It is there, with a slip of the fingers in it.
  return others.some(
    (other) =>
      other.keyword === "additionalProperties" &&
      didYouMean(String(other.params["additionalProperty"]), [missing]) !== undefined,
  );
}
