// The proto that the corpus of requests is sent to.
import { readFileSync } from "node:fs";

export function serviceProto(): string {
  return readFileSync(new URL("../../../test/corpus/service.proto", import.meta.url), "utf8");
}
