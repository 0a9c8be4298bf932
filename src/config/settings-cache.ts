// The settings of what is kept of answers, as the YAML file spells them, and their defaults.
export interface CacheSettings {
  max_bytes: string | number;
  max_entry: string | number;
}

export const cacheSettings: Readonly<CacheSettings> = {
  max_bytes: "64MiB",
  max_entry: "1MiB",
};
