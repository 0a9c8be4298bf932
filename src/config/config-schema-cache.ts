// The group `cache` of the configuration schema: how much of answers is kept. Which answers are, policies say.
import { size } from "./schema-forms.ts";
import type { SchemaNode } from "./schema-node.ts";
import { cacheSettings } from "./settings-cache.ts";

export const cacheSchema: SchemaNode = {
  type: "object",
  description: "How much is kept of the answers of methods that have a cache policy.",
  additionalProperties: false,
  properties: {
    max_bytes: size("Memory for all answers together, in each process.", cacheSettings.max_bytes, "64KiB", "16GiB"),
    max_entry: size("A larger answer is not kept.", cacheSettings.max_entry, "1KiB", "64MiB"),
  },
};
